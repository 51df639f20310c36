# docker build -t lstmcourse --build-arg TORCH_INDEX=URL .     (URL: the index that pytorch.org names for pip and CPU)
# docker run --rm -p 127.0.0.1:8888:8888 -v lstmcourse:/srv/course/lab lstmcourse
# The volume keeps lab/, the learner's copy. JupyterLab prints its address, with a token.
FROM python:3.12-slim

RUN useradd --create-home learner && install -d -o learner /srv/course /srv/venv
USER learner
WORKDIR /srv/course
ENV PATH=/srv/venv/bin:$PATH OMP_NUM_THREADS=1
ARG TORCH_INDEX=

COPY --chown=learner pyproject.toml constraints.txt README.md LICENSE LICENSE-text ./
COPY --chown=learner lstmcourse lstmcourse
RUN python -m venv /srv/venv \
    && python -m pip install --no-cache-dir -c constraints.txt ${TORCH_INDEX:+--index-url $TORCH_INDEX} torch \
    && python -m pip install --no-cache-dir -c constraints.txt -e ".[course,test]"
COPY --chown=learner . .
RUN python -m lstmcourse build learner && (python -m lstmcourse data fetch || true)

EXPOSE 8888
CMD ["python", "-m", "lstmcourse", "lab", "--no-browser", "--ip=0.0.0.0"]
