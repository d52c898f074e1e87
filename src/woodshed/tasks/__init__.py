"""One verb a musician would say per file; tasks never import each other."""
