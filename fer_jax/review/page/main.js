// From the server's first answer to the page.

const MOST = 20000; // labels of one decision

function tools(state) {
  const tally = el('span', {id: 'tally', 'aria-live': 'polite'});
  const undo = el('button', {type: 'button', id: 'undo', onclick: () => state.back('undo')}, 'Undo');
  const redo = el('button', {type: 'button', id: 'redo', onclick: () => state.back('redo')}, 'Redo');
  const blind = el('input', {type: 'checkbox', id: 'blind', checked: state.blind, onchange: () => {
    state.see(blind.checked);
    state.list();
  }});
  const again = el('button', {type: 'button', id: 'learn', onclick: () => state.service.inTurn('learn').catch((error) => state.said(error.message, true))}, 'Rank again');
  const save = el('a', {class: 'button', id: 'download', href: 'decisions.csv', download: 'decisions.csv'}, 'decisions.csv');
  const thinking = el('span', {class: 'small quiet', id: 'learner'});
  const heard = (news) => {
    const {keep, relabel, drop, ambiguous} = news.counts;
    tally.replaceChildren(el('b', {}, plural(keep + relabel + drop + ambiguous, 'decision')),
      `: ${keep} keep, ${relabel} relabel, ${ambiguous} ambiguous, ${drop} drop`);
    [undo.disabled, redo.disabled] = news.back.map((there) => !there);
    again.disabled = !news.ready || news.learner !== 'ready';
    thinking.textContent = {preparing: 'looking at all faces …', learning: 'ranking again …', ready: ''}[news.learner] ?? news.learner;
  };
  state.on('news', heard);
  state.on('blind', () => { blind.checked = state.blind; });
  heard(state.news);
  return el('div', {class: 'bar'}, tally, undo, redo,
    el('label', {class: 'check'}, blind, 'Blind'), el('span', {class: 'push'}, thinking), again, save);
}

// A line about what has happened. What needs an answer stays until it has one.
function notices(state) {
  const node = el('div', {id: 'said', class: 'notice', role: 'status', 'aria-live': 'polite', hidden: true});
  let last = state.news.ranking;
  const show = (children, bad) => {
    clearTimeout(passing);
    node.hidden = false;
    node.classList.toggle('bad', Boolean(bad));
    node.replaceChildren(...children, el('button', {type: 'button', class: 'link', 'aria-label': 'Close', onclick: () => { node.hidden = true; }}, '✕'));
  };
  let passing;
  state.said = (text, bad) => {
    show([el('span', {}, text)], bad);
    if (!bad) passing = setTimeout(() => { node.hidden = true; }, 5000);
  };
  state.on('news', (news) => {
    if (news.ranking <= last) return;
    last = news.ranking;
    const text = news.after
      ? `Ranked again after ${plural(news.after, 'decision')}: ${plural(news.moved, 'label')} moved into the first 200.`
      : 'What kind of trouble each label has, the map and alike faces are there now.';
    show([el('span', {}, text, ' This page stays; the next one is of the new order.'),
      el('button', {type: 'button', id: 'fresh', onclick: () => { node.hidden = true; state.list(); }}, 'Show it now')]);
    state.count();
  });
  return node;
}

async function start() {
  const main = document.getElementById('main');
  try {
    const service = new Service();
    const about = await service.ask('start');
    service.seen = about.seen;
    const state = new State(service, about);
    document.getElementById('top').append(
      el('h1', {}, `Review: ${about.name}`),
      el('p', {class: 'quiet'}, `${plural(about.examples, 'label')} of ${about.set}, judged by ${about.reviewer}. Saved as you go, in ${about.file}`));
    const notice = notices(state);
    document.getElementById('tools').append(tools(state));
    const gallery = new Gallery(state);
    const filters = new Filters(state);
    // what comes and goes lies over the foot of the window, so that nothing is moved by it
    main.replaceChildren(
      el('section', {id: 'review'}, filters.node, gallery.node),
      new Plane(state).node, el('div', {class: 'over-all'}, notice, new Selection(state).node));
    document.getElementById('foot').append(`Served by fer_jax ${about.version} to this machine alone.`);
    await state.list();
    service.listen();
  } catch (error) {
    main.replaceChildren(el('p', {class: 'wait'}, `The page could not begin (${error.message}); it needs a browser of 2023 or newer.`));
    throw error;
  }
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start();
