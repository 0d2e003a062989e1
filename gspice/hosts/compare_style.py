"""How the report of a comparison looks, by day and by night, on wide screens and narrow ones."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #5b6570; --line: #dfe3e8; --code: #eef1f4;
  --good: #0f7b4b; --good-back: #e3f5ec; --bad: #b3261e; --bad-back: #fdeceb; --warn: #8a5a00; --warn-back: #fff4dc;
  --c0: #2f6fde; --c1: #d9730d; --c2: #12946b; --c3: #8a55d6; --c4: #c23a7a; --c5: #5f6b7a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --ink: #e8ebef; --soft: #9aa4b0; --line: #333a43; --code: #262c33;
    --good: #5fd39a; --good-back: #16352a; --bad: #ff8a80; --bad-back: #40201f; --warn: #f0c061; --warn-back: #3a2e14;
    --c0: #6ea0ff; --c1: #ff9e4a; --c2: #3fc99a; --c3: #b48cff; --c4: #f07ab0; --c5: #a3afbd;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 0 0 12px; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 20px 0 8px; }
p { margin: 0 0 10px; }
a { color: inherit; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  margin-top: 18px; }
.soft { color: var(--soft); }
.note { color: var(--soft); font-size: 13px; }
.verdict { border-radius: 10px; padding: 12px 16px; margin-top: 14px; font-weight: 600; overflow-wrap: anywhere; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.badge { border-radius: 6px; padding: 1px 8px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 4px 32px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; align-content: start; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text, th.text { text-align: left; white-space: normal; min-width: 180px; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; font-size: 13px; overflow-wrap: anywhere; }
.finding { border-left: 4px solid var(--bad); padding-left: 16px; margin: 8px 0 22px; }
.finding > p:first-child { font-weight: 600; overflow-wrap: anywhere; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); gap: 14px;
  margin: 12px 0; }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--soft); font-size: 13px; margin-bottom: 4px; }
figure img { display: block; width: 100%; height: auto; border: 1px solid var(--line); image-rendering: pixelated; }
figure img.smooth { image-rendering: auto; }
.scale { display: inline-block; width: 90px; height: 10px; border-radius: 3px; vertical-align: middle;
  background: linear-gradient(90deg, #ffd60a, #ff143c); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--soft); margin-bottom: 8px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; }
svg.chart { display: block; }
svg.chart text { fill: var(--ink); font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg.chart text.head { font-weight: 600; }
svg.chart .pale { opacity: 0.45; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); }
.c3 { fill: var(--c3); } .c4 { fill: var(--c4); } .c5 { fill: var(--c5); }
.b0 { background: var(--c0); } .b1 { background: var(--c1); } .b2 { background: var(--c2); }
.b3 { background: var(--c3); } .b4 { background: var(--c4); } .b5 { background: var(--c5); }
@media (max-width: 600px) {
  main { padding: 16px 10px 32px; }
  section { padding: 14px 12px; }
  dl { grid-template-columns: minmax(84px, 32%) 1fr; gap: 3px 10px; }
}
"""
COLOURS = 6
"""Canvases that have a colour of their own."""
