"""The notebooks and widgets in a real browser: JupyterLab on loopback, driven through the system's Chromium."""
