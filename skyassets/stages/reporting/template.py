"""The report page's Jinja template. All values are escaped; it contains no script and no external URL."""

SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The content security policy: the page may load nothing; styles and drawings are inline."""

MACROS = """
{% macro sheet(shown) %}
{% if shown %}
<div class="scroll" tabindex="0" role="region" aria-label="{{ shown.caption }}"><table>
<caption><span>{{ shown.caption }}</span></caption>
<thead><tr>{% for name, kind in shown.head %}<th scope="col" class="{{ kind }}">{{ name }}
{% if kind == "quoted" %}<small>quoted</small>{% endif %}</th>{% endfor %}</tr></thead>
<tbody>
{% for line in shown.rows %}
<tr>{% for cell in line %}{% set kind = shown.head[loop.index0][1] %}
{% if loop.first %}<th scope="row">{% else %}<td class="{{ kind }}{% if kind == 'word' %} {{ cell.main }}{% endif %}">
{% endif %}
{{ cell.main }}{% for part in cell.smalls %}<small>{{ part }}</small>{% endfor %}
{% if loop.first %}</th>{% else %}</td>{% endif %}
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% if shown.notes %}<ul class="notes">{% for note in shown.notes %}<li>{{ note }}</li>{% endfor %}</ul>{% endif %}
{% endif %}
{% endmacro %}

{% macro folded(name, shown) %}
{% if shown %}<details><summary>{{ name }} <small>{{ shown.rows | length }} rows</small></summary>{{ sheet(shown) }}
</details>{% endif %}
{% endmacro %}

{% macro intervals(plot) %}
{% if plot %}
<figure class="intervals"><figcaption>{{ plot.title }}</figcaption>
{% for mark in plot.marks %}
<div class="row"><span>{{ mark.label }}</span>
<div class="track"><svg role="img"
 aria-label="{{ mark.label }}: {{ mark.told }} {{ plot.unit }}{% if mark.within %}, {{ mark.within }}{% endif %}">
{% for at, figure in plot.ticks %}<line class="grid" x1="{{ at }}%" x2="{{ at }}%" y1="0" y2="100%"/>{% endfor %}
<svg y="50%" class="mark {{ mark.style }}"><line x1="{{ mark.low }}%" x2="{{ mark.high }}%"/>
<line x1="{{ mark.low }}%" x2="{{ mark.low }}%" y1="-4" y2="4"/>
<line x1="{{ mark.high }}%" x2="{{ mark.high }}%" y1="-4" y2="4"/>
<circle cx="{{ mark.value }}%" r="4"/></svg></svg></div>
<span>{{ mark.told }}</span></div>
{% endfor %}
<div class="row ticks" aria-hidden="true"><span></span><div class="track"><svg>
{% for at, figure in plot.ticks[::4 if plot.unit == "tokens" else 2] %}
<text x="{{ at }}%" y="13">{{ figure }}</text>
{% endfor %}
</svg></div>
<span>{{ plot.unit }}</span></div>
</figure>
{% endif %}
{% endmacro %}

{% macro curve(plot) %}
<figure class="curve"><figcaption>{{ plot.title }}</figcaption>
<p><span>{{ plot.high }}</span></p>
<svg role="img" viewBox="0 0 100 100" preserveAspectRatio="none"
 aria-label="{{ plot.title }}: from {{ plot.low }} to {{ plot.high }}, {{ plot.steps }}">
<polyline points="{{ plot.points }}"/></svg>
<p><span>{{ plot.low }}</span><span>{{ plot.steps }}</span></p></figure>
{% endmacro %}

{% macro waterfall(plot) %}
{% if plot %}
<figure class="fall"><figcaption>From rewrites to examples</figcaption>
{% for name, pieces, rows in plot.lines %}
<div class="row"><span>{{ name }}</span><div class="track"><svg role="img" aria-label="{{ name }}: {{ rows }} rows">
{% for at, width, number in pieces %}<rect class="c{{ number }}" x="{{ at }}%" width="{{ width }}%" y="3" height="14"/>
{% endfor %}</svg></div><span>{{ "{:,}".format(rows) }}</span></div>
{% endfor %}
{% if plot.domains | length > 1 %}<ul class="key">{% for domain in plot.domains %}
<li><svg aria-hidden="true"><rect class="c{{ loop.index0 % 6 }}" width="10" height="10"/></svg>{{ domain }}</li>
{% endfor %}</ul>{% endif %}
</figure>
{% endif %}
{% endmacro %}

{% macro side(name, said) %}
<div><h4>{{ name }} <small>{% if said.tokens is not none %}{{ "{:,}".format(said.tokens) }} tokens, {% endif %}
ended by {{ said.finish_reason or "not known" }}; judged: {{ said.reason or "no reason" }}</small></h4>
<pre dir="auto">{{ said.text }}</pre></div>
{% endmacro %}

{% macro duel(each) %}
<details class="duel"><summary>{{ each.benchmark }}: {{ "won" if each.is_won else "lost" }} by the student
<small>item {{ each.problem_id[:12] }}</small></summary>
<h4>Question</h4><pre dir="auto">{{ each.question }}</pre>
<h4>Ground truth</h4><pre dir="auto">{{ each.ground_truth or "tests, not shown here" }}</pre>
<div class="sides">{{ side("Student, " ~ ("right" if each.is_won else "wrong"), each.student) }}
{{ side("Base, " ~ ("wrong" if each.is_won else "right"), each.base) }}</div></details>
{% endmacro %}
"""

PAGE = """
{%- from "macros" import sheet, folded, intervals, curve, waterfall, duel -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ security }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{{ facts.recipe }}: benchmark report</title>
<style>{{ style }}</style>
</head>
<body>
<header>
<h1>{{ facts.recipe }}: benchmark report</h1>
<p>{{ facts.description }}.</p>
<p class="verdict">{{ verdict }}</p>
{% if gains %}<ul>{% for line in gains %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
{% if by_chance %}<p>{{ by_chance }}</p>{% endif %}
<dl class="facts">{% for name, value in head %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<nav aria-label="Sections"><ul>
{% for ident, name in sections %}<li><a href="#{{ ident }}">{{ name }}</a></li>{% endfor %}
</ul></nav>
</header>
<main>
<section id="scores"><h2>Scores</h2>
{{ sheet(overview) }}
<div class="plots">{{ intervals(gain_plot) }}</div>
{% for line in explained %}<p>{{ line }}</p>{% endfor %}
</section>
<section id="benchmarks"><h2>Benchmarks</h2>
{% for each in benchmarks %}
<h3>{{ each.name }}</h3>
<div class="plots">{% for plot in each.plots %}{{ intervals(plot) }}{% endfor %}</div>
{{ sheet(each.metrics) }}
{{ folded("Compared on the same items", each.comparisons) }}
{% for by, shown in each.parts %}{{ folded("By " ~ by, shown) }}{% endfor %}
{% endfor %}
</section>
<section id="contamination"><h2>Clean and contaminated items</h2>
<p>{{ contaminated }}</p>
{{ folded("The evidence", contamination) }}
</section>
{% if spent %}<section id="cost"><h2>Cost</h2>
{{ sheet(per_point) }}
{{ sheet(spent) }}
</section>{% endif %}
{% if fall_plot %}<section id="data"><h2>Data set</h2>
{{ waterfall(fall_plot) }}
{{ folded("Rule by rule", fall) }}
</section>{% endif %}
{% if curves %}<section id="training"><h2>Training</h2>
<div class="plots">{% for plot in curves %}{{ curve(plot) }}{% endfor %}</div>
</section>{% endif %}
{% if facts.duels %}<section id="examples"><h2>Won and lost items</h2>
<p>{{ duels_told }}</p>
{% for each in facts.duels %}{{ duel(each) }}{% endfor %}
</section>{% endif %}
<section id="made-with"><h2>Made with</h2>
<p>Everybody was asked with the same prompts and the same sampling, and judged by the same graders.</p>
{{ sheet(manifest) }}
{% if facts.tables %}<h3>{{ tables_told }}</h3>
<ul>{% for name, meaning in facts.tables %}<li>{{ name }}: {{ meaning }}</li>
{% endfor %}</ul>{% endif %}
</section>
</main>
</body>
</html>
"""
