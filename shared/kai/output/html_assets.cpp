#include <kai/output/html_assets.hpp>

namespace kai::output {

const std::string_view k_html_style = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #fff; --text: #1b2330; --dim: #5a6575; --line: #d9dee6;
  --link: #1f57c3; --code: #eef1f5;
  --error: #b3201c; --warning: #8f5300; --info: #1f57c3; --good: #17713a;
  --used: #2f6bd8; --free: #dbe6f8; --free-line: #8fa9d6;
  --stranded: #e08a00; --stranded-2: #ffd591; --lost: #c62b26; --lost-2: #f3a9a6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --text: #e5eaf1; --dim: #9fabba; --line: #323c49;
    --link: #8ab4ff; --code: #252d38;
    --error: #ff8a84; --warning: #f7b955; --info: #8ab4ff; --good: #6fd492;
    --used: #5d93f7; --free: #243349; --free-line: #52698f;
    --stranded: #e59a1f; --stranded-2: #6e4700; --lost: #ef5f58; --lost-2: #6b1815;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --text: #000; --dim: #444; --line: #bbb; --link: #000;
    --code: #f3f3f3; --error: #b3201c; --warning: #8f5300; --info: #1f57c3; --good: #17713a;
    --used: #2f6bd8; --free: #fff; --free-line: #888;
    --stranded: #e08a00; --stranded-2: #ffd591; --lost: #c62b26; --lost-2: #f3a9a6;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, dl { margin: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin-bottom: .6rem; }
h3, h4 { font-size: 1rem; line-height: 1.4; }
ul { padding: 0; list-style: none; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .92em; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem; margin-bottom: 1rem;
}
.dim { color: var(--dim); }
.head { display: flex; gap: 1rem; align-items: center; margin-bottom: 1rem; }
.grade {
  flex: none; width: 4.2rem; height: 4.2rem; border-radius: .6rem; border: .2rem solid;
  display: grid; place-content: center; text-align: center; font-weight: 700;
  font-size: 2rem; line-height: 1;
}
.grade small { display: block; font-size: .65rem; font-weight: 400; margin-top: .2rem; }
.grade-a, .grade-b { color: var(--good); }
.grade-c { color: var(--warning); }
.grade-d, .grade-f { color: var(--error); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: .6rem; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .7rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; }
.tiles .none b { color: var(--dim); font-weight: 400; }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.gaps { border-color: var(--warning); }
.gaps li { margin-top: .4rem; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .6rem 0 1rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
i { display: block; height: 1rem; border-radius: .15rem; border: 1px solid transparent; }
.legend i { width: 1.2rem; }
i, .bar rect { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.u { background: var(--used); fill: var(--used); }
.f { background: var(--free); fill: var(--free); border-color: var(--free-line); }
.s {
  background: repeating-linear-gradient(135deg, var(--stranded) 0 3px, var(--stranded-2) 3px 6px);
  fill: var(--stranded); border-color: var(--stranded);
}
.l {
  background:
    repeating-linear-gradient(45deg, var(--lost) 0 1.5px, transparent 1.5px 5px),
    repeating-linear-gradient(135deg, var(--lost) 0 1.5px, var(--lost-2) 1.5px 5px);
  fill: var(--lost); border-color: var(--lost);
}
.bar { display: block; width: 100%; height: 1.2rem; border: 1px solid var(--free-line); border-radius: .25rem; }
.nodes { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem; }
.nodes a, .nodes div {
  display: block; height: 100%; border: 1px solid var(--line); border-radius: .5rem;
  padding: .5rem .6rem; color: inherit; text-decoration: none;
}
.nodes a:hover, .nodes a:focus-visible { border-color: var(--link); }
.nodes .ill { border-left: .3rem solid var(--lost); }
.nodes b { display: block; line-height: 1.3; }
.nodes small { display: block; color: var(--dim); line-height: 1.4; }
.cells { display: grid; grid-template-columns: repeat(8, 1fr); gap: .2rem; margin: .35rem 0; }
.nodes .bar { height: 1rem; margin: .35rem 0; }
.dense { grid-template-columns: repeat(auto-fill, minmax(3.2rem, 1fr)); gap: .25rem; }
.dense a, .dense div { padding: .15rem; border-radius: .2rem; }
.dense .ill { border-left-width: .2rem; }
.dense .cells { gap: 1px; margin: 0; }
.dense i { height: .5rem; border-radius: 0; }
.dense .bar { height: .5rem; margin: 0; }
.dense b, .dense small { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
#filters { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin-bottom: 1rem; }
#filters[hidden] { display: none; }
#filters fieldset { display: flex; flex-wrap: wrap; gap: .3rem .8rem; border: 0; padding: 0; margin: 0; }
#filters legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
#filters label { display: flex; align-items: center; gap: .3rem; min-height: 2.4rem; }
#filters select, #filters input[type=search], #filters button {
  font: inherit; color: inherit; background: var(--card); min-height: 2.4rem;
  border: 1px solid var(--line); border-radius: .4rem; padding: .2rem .5rem; max-width: 100%; min-width: 0;
}
#filters select { max-width: 16rem; }
#filters input[type=search] { flex: 1 1 10rem; }
#filters input[type=checkbox] { width: 1.1rem; height: 1.1rem; accent-color: var(--link); }
.rule { content-visibility: auto; contain-intrinsic-size: auto 14rem; }
.rule[hidden], .finding[hidden] { display: none; }
.rule > header { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: baseline; }
.badge { border: 1px solid; border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; }
.rule > p { margin-top: .5rem; }
.finding { border-top: 1px solid var(--line); padding-top: .7rem; margin-top: .8rem; }
.finding > p { margin-top: .2rem; }
.finding ul { padding-left: 1.1rem; list-style: disc; }
.finding dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin-top: .4rem; font-size: .92rem; }
.finding dt { color: var(--dim); }
.finding dd { margin: 0; }
.finding code.chip, pre { background: var(--code); border-radius: .3rem; }
.finding code.chip { padding: .1rem .3rem; }
summary { cursor: pointer; margin-top: .4rem; color: var(--link); min-height: 1.8rem; }
pre { margin: .3rem 0 0; padding: .6rem .8rem; overflow-x: auto; font-size: .85rem; overflow-wrap: normal; }
#empty { padding: 1rem 0; }
#empty[hidden] { display: none; }
@media (max-width: 40rem) {
  body { padding: .6rem; }
  .card { padding: .8rem; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(4.7rem, 1fr)); gap: .4rem; }
  .tiles li { padding: .3rem .4rem; font-size: .85rem; }
  .finding dl { grid-template-columns: 1fr; gap: 0; }
  .finding dd { margin-bottom: .3rem; }
  .nodes:not(.dense) { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
  #filters select, #filters input[type=search] { flex: 1 1 100%; max-width: 100%; }
}
@media print {
  html { font-size: 10pt; }
  body { padding: 0; max-width: none; }
  #filters button, #filters select, #filters fieldset, #filters input { display: none; }
  .card { border-radius: 0; break-inside: auto; }
  .finding, .nodes li, .rule > header { break-inside: avoid; }
  .rule { content-visibility: visible; }
  h2, h3, .rule > header { break-after: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  a[data-print]::after { content: " (" attr(href) ")"; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
)css";

const std::string_view k_html_script = R"js(
(() => {
  'use strict';
  const form = document.getElementById('filters');
  if (!form) return;
  const count = document.getElementById('count');
  const empty = document.getElementById('empty');
  const {namespace, rule, find} = form.elements;
  const severities = [...form.querySelectorAll('input[name=severity]')];
  const sections = [...document.querySelectorAll('.rule')].map(element => ({
    element, rule: element.dataset.rule, severity: element.dataset.severity,
    head: element.dataset.rule.toLowerCase(),
    findings: [...element.querySelectorAll('.finding')].map(finding => ({
      element: finding, namespace: finding.dataset.namespace,
      text: finding.textContent.toLowerCase()}))
  }));
  const total = sections.reduce((sum, section) => sum + section.findings.length, 0);

  function apply() {
    const chosen = new Set(severities.filter(box => box.checked).map(box => box.value));
    const words = find.value.toLowerCase().split(/\s+/).filter(word => word);
    let shown = 0;
    for (const section of sections) {
      const fits = chosen.has(section.severity) && (!rule.value || rule.value === section.rule);
      let here = 0;
      for (const finding of section.findings) {
        const visible = fits &&
          (!namespace.value || namespace.value === finding.namespace) &&
          words.every(word => finding.text.includes(word) || section.head.includes(word));
        finding.element.hidden = !visible;
        if (visible) ++here;
      }
      section.element.hidden = here === 0;
      shown += here;
    }
    count.textContent = shown === total ? total + (total === 1 ? ' finding' : ' findings')
                                        : shown + ' of ' + total + ' findings';
    empty.hidden = shown > 0;
  }

  // The address keeps the filter, so that a view can be sent to someone.
  function remember() {
    const state = new URLSearchParams();
    const chosen = severities.filter(box => box.checked).map(box => box.value);
    if (chosen.length < severities.length) state.set('severity', chosen.join(','));
    for (const field of [namespace, rule, find]) if (field.value) state.set(field.name, field.value);
    const text = state.toString();
    history.replaceState(null, '', text ? '#' + text : location.pathname + location.search);
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    const chosen = state.get('severity');
    for (const box of severities) box.checked = chosen === null || chosen.split(',').includes(box.value);
    for (const field of [namespace, rule, find]) {
      field.value = state.get(field.name) || '';
      if (field.selectedIndex === -1) field.value = '';
    }
    apply();
  }

  form.addEventListener('input', () => { apply(); remember(); });
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(() => { apply(); remember(); }));
  window.addEventListener('hashchange', () => {
    recall();
    if (location.hash) document.getElementById('findings').scrollIntoView();
  });
  let opened = [];
  window.addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const details of opened) details.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
  });
  form.hidden = false;
  recall();
})();
)js";

}  // namespace kai::output
