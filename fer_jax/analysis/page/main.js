// From the page's data to the page.

const SECTIONS = [
  ['summary', 'Summary', summary],
  ['review', 'Suspicious labels', review],
  ['after', 'After the review', after],
  ['noise', 'Noise', noise],
  ['epochs', 'By epoch', epochs],
  ['relabels', 'Relabelling', relabels],
  ['networks', 'Networks', networks],
];

// Everything that the sections share.
function shared(content) {
  const {pictures, curves} = content;
  const labels = new Labels(content.labels, content.run.classes);
  const places = new Map();
  const urls = new Map();
  if (typeof pictures !== 'string') pictures.rows.forEach((row, i) => places.set(row, i));
  const audit = {
    ...content,
    labels,
    decisions: new Decisions(content.run.key, content.run.classes),
    watchers: [],
    told: false, // whether clean labels are shown
    tell(told) { audit.told = told; for (const watcher of audit.watchers) watcher(); },
    pictureRule: typeof pictures === 'string' ? pictures : pictures.rule,
    curveLabel: curves.label,
    curveSaid: curves.said,
    picture(row) {
      if (!places.has(row)) return null;
      if (!urls.has(row)) {
        const i = places.get(row);
        const bytes = pictures.bytes.subarray(i ? pictures.ends[i - 1] : 0, pictures.ends[i]);
        urls.set(row, URL.createObjectURL(new Blob([bytes], {type: pictures.type})));
      }
      return urls.get(row);
    },
    curve(row) { return typeof curves !== 'string' && row < curves.values.shape[0] ? part(curves.values, row) : null; },
  };
  return audit;
}

// The heading of the section in sight is marked in the list of sections.
function contents(links) {
  const nav = document.getElementById('contents');
  nav.append(el('ul', {}, links.map(([id, name]) => el('li', {}, el('a', {href: `#${id}`}, name)))));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of nav.querySelectorAll('a')) {
        const here = link.hash === `#${entry.target.id}`;
        link.setAttribute('aria-current', here ? 'location' : 'false');
        if (here) nav.scrollLeft = link.offsetLeft - 40;
      }
    }
  }, {rootMargin: '-20% 0px -70% 0px'});
  for (const [id] of links) watcher.observe(document.getElementById(id));
}

async function start() {
  const main = document.getElementById('main');
  try {
    const content = await unpack(JSON.parse(document.getElementById('data').textContent));
    const audit = shared(content);
    const {run} = content;
    document.getElementById('top').append(
      el('h1', {}, `Label audit: ${run.name}`),
      el('p', {class: 'quiet'}, `${run.method} on ${run.set}, ${plural(run.examples, 'label')}${run.epochs ? `, ${plural(run.epochs, 'epoch')}` : ''}`));
    document.getElementById('foot').append(`Written by fer_jax ${run.version}. This file asks nothing of the network.`);
    main.replaceChildren();
    const sections = SECTIONS.filter(([id]) => id !== 'after' || content.after);
    for (const [, , build] of sections) {
      main.append(build(audit));
      await new Promise((done) => setTimeout(done)); // the page answers in between
    }
    contents(sections);
  } catch (error) {
    main.replaceChildren(el('p', {class: 'wait'}, `The page could not be unpacked (${error}); it needs a browser of 2023 or newer.`));
    throw error;
  }
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start();
