"""The page of `dvc plots`, with the library that draws its charts inside, so that they are drawn without network."""

import vl_convert

# What DVC's charts call.
_CALLED = "window.vegaEmbed = vegaEmbed;"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh_tag}
<title>Plots of DVC</title>
<script>(() => {LIBRARY})();</script>
<style>table { border-spacing: 15px; }</style>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def template() -> str:
    """Return a template for `dvc plots show --html-template`: DVC's own, but its scripts are in it, not on the web."""
    return _PAGE.replace("LIBRARY", vl_convert.javascript_bundle(_CALLED))
