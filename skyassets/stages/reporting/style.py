"""The report page's CSS: narrow and wide, light and dark, screen and print. It contains no URL."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c2330; --soft: #5a6475; --line: #d5dae3; --panel: #f5f7fa; --link: #0b57a8;
  --base: #6b7688; --student: #1463b5; --other: #9a5b00; --noise: #6b7688;
  --good: #0b6b3a; --bad: #ad2a1a;
  --c0: #1463b5; --c1: #c4700a; --c2: #2a8a7e; --c3: #8a4fb0; --c4: #b03a5b; --c5: #6b7688;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --ink: #e4e8ef; --soft: #a3adbd; --line: #343c4a; --panel: #1a202a; --link: #7fb8f5;
    --base: #a3adbd; --student: #6cb0f8; --other: #f0b35a; --noise: #a3adbd;
    --good: #6fd39b; --bad: #ff9a8a;
    --c0: #6cb0f8; --c1: #f0b35a; --c2: #62cbbc; --c3: #c79bea; --c4: #f08bab; --c5: #a3adbd;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, ul, dl { margin: .5rem 0; max-width: 52rem; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
.verdict { font-size: 1.15rem; font-weight: 600; }
dl.facts { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: .1rem .75rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; }
.scroll { overflow-x: auto; margin: .75rem 0; border: 1px solid var(--line); border-radius: 6px; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; overflow-wrap: normal; }
caption { text-align: left; padding: .5rem .6rem; font-weight: 600; }
caption span { position: sticky; left: .6rem; display: inline-block; max-width: calc(100vw - 4rem); }
th, td { padding: .35rem .6rem; border-top: 1px solid var(--line); vertical-align: top; text-align: left; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
thead th.number { white-space: nowrap; }
tbody th { font-weight: 600; min-width: 6.5rem; position: sticky; left: 0; background: var(--page); }
td.number, th.number, td.quoted, th.quoted { text-align: right; font-variant-numeric: tabular-nums; }
td.quoted, th.quoted { min-width: 5.5rem; background: var(--panel); font-style: italic; color: var(--soft); }
td small, th small { display: block; color: var(--soft); font-weight: 400; font-size: .8rem; white-space: nowrap; }
td.text { overflow-wrap: anywhere; min-width: 9rem; }
td.word { font-weight: 600; } td.word.noise { font-weight: 400; color: var(--soft); }
td.word.better { color: var(--good); } td.word.worse { color: var(--bad); }
.notes { color: var(--soft); font-size: .85rem; margin: .25rem 0 1rem; padding: 0; list-style: none; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .6rem .75rem; background: var(--panel); border-radius: 6px; min-width: 0; }
figcaption { font-weight: 600; font-size: .9rem; margin-bottom: .4rem; }
.row { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr) 3.6rem; gap: 0 .5rem; font-size: .8rem; }
.row > span { align-self: center; overflow-wrap: anywhere; line-height: 1.15; }
.row > :last-child { text-align: right; font-variant-numeric: tabular-nums; }
.track { position: relative; min-height: 20px; }
.track > svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.grid { stroke: var(--line); stroke-width: 1; }
.mark { overflow: visible; stroke-width: 2; }
.base { stroke: var(--base); fill: var(--base); } .student { stroke: var(--student); fill: var(--student); }
.other { stroke: var(--other); fill: var(--other); } .noise { stroke: var(--noise); fill: var(--page); }
td.noise { stroke: none; fill: none; }
.ticks svg text { fill: var(--soft); font-size: 11px; text-anchor: middle; }
.ticks svg text:first-of-type { text-anchor: start; } .ticks svg text:last-of-type { text-anchor: end; }
.curve svg { display: block; width: 100%; height: 110px; border-left: 1px solid var(--line);
  border-bottom: 1px solid var(--line); }
.curve polyline { fill: none; stroke: var(--student); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.curve p { display: flex; justify-content: space-between; gap: 1rem; font-size: .8rem; color: var(--soft); margin: 0; }
.fall .row { grid-template-columns: 9rem minmax(0, 1fr) 4rem; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); }
.c3 { fill: var(--c3); } .c4 { fill: var(--c4); } .c5 { fill: var(--c5); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .8rem; margin: .5rem 0 0; padding: 0;
  list-style: none; }
.key svg { width: 10px; height: 10px; margin-right: .3rem; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 6px; padding: .4rem .75rem; min-width: 0; }
summary { cursor: pointer; font-weight: 600; }
summary small { font-weight: 400; color: var(--soft); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem .75rem;
  border-radius: 6px; font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; margin: .25rem 0 .75rem;
  unicode-bidi: isolate; max-height: 28rem; overflow-y: auto; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0 1rem; }
.sides > * { min-width: 0; }
h4 { margin: .6rem 0 0; font-size: .95rem; } h4 small { font-weight: 400; color: var(--soft); }
@media (max-width: 30rem) {
  .row, .fall .row { grid-template-columns: 6.2rem minmax(0, 1fr) 3.2rem; }
  th, td { padding: .3rem .45rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; border: none; }
  figure, tr { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  nav { display: none; }
  pre { max-height: none; }
  details::details-content { content-visibility: visible; display: block; }
}
"""
