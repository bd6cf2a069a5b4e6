"""One module for each page: from a view to the page's parts, with no markup in it."""
