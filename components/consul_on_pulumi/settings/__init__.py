"""Every setting once: type, default, rule and text; and what checks and reads them."""
