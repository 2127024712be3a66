"""Charts as SVG text: no dependency, no colours (classes only, the style sheet paints), no inline style, no script."""
