"""How a layer is computed: the loop, the scan, the vendor's kernel, and the route that chooses among them."""
