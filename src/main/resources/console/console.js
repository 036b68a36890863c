// The page refreshes itself and has buttons; without this file it can be read all the same.
(() => {
  'use strict';
  document.documentElement.classList.add('js');

  const KEY = 'upkeep-key';
  const SLOWEST = 10;
  let etag = null;
  let timer = 0;
  let wait = 0;
  let asking = null;
  let lastSeen = new Date();

  const by = (id) => document.getElementById(id);
  const seconds = () => Number(by('main').dataset.poll);

  // --- Live: the same page again, when it has changed ---------------------------------------------------------------

  async function refresh() {
    clearTimeout(timer);
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    const address = location.pathname + location.search;
    try {
      const headers = { Accept: 'text/html' };
      if (etag && etag.address === address) headers['If-None-Match'] = etag.value;
      const answer = await fetch(address, { headers, cache: 'no-store', signal: mine.signal });
      if (answer.status !== 304) {
        const text = await answer.text();
        if (answer.status >= 500) throw new Error(String(answer.status));
        show(new DOMParser().parseFromString(text, 'text/html'));
        etag = { address, value: answer.headers.get('ETag') };
      }
      lastSeen = new Date();
      wait = seconds();
      live('', 'Live');
    } catch (error) {
      if (error.name === 'AbortError') return;
      wait = Math.min(SLOWEST, Math.max(2, wait * 2));
      live('lost', `Connection lost, last seen at ${lastSeen.toLocaleTimeString()}`);
    }
    if (mine === asking) asking = null;
    next();
  }

  function next() {
    clearTimeout(timer);
    if (!document.hidden && seconds() > 0) timer = setTimeout(refresh, (wait || seconds()) * 1000);
  }

  function live(state, text) {
    if (!by('live')) return;
    by('live').className = `live ${state}`;
    if (by('live-text').textContent !== text) by('live-text').textContent = text;
  }

  function show(page) {
    const focused = document.activeElement;
    document.title = page.title;
    morph(by('main'), page.getElementById('main'));
    if (focused && focused !== document.body && !focused.isConnected) by(by('notices') ? 'notices' : 'main').focus();
  }

  // Makes one element like another and keeps every node that can stay, with its focus, its scroll and what is open.
  function morph(from, to) {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== Node.ELEMENT_NODE) {
      from.nodeValue = to.nodeValue;
      return;
    }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !keeps(from, name)) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value && !keeps(from, name)) from.setAttribute(name, value);
    }
    let here = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const found = match(here, wanted);
      if (found) {
        if (found === here) here = here.nextSibling;
        else from.insertBefore(found, here);
        morph(found, wanted);
      } else {
        from.insertBefore(document.importNode(wanted, true), here);
      }
    }
    while (here) {
      const gone = here;
      here = here.nextSibling;
      gone.remove();
    }
  }

  function match(here, wanted) {
    for (let node = here; node; node = node.nextSibling) {
      if (node.nodeType === wanted.nodeType && node.nodeName === wanted.nodeName && (node.id || '') === (wanted.id || '')) return node;
    }
    return null;
  }

  // What a person has opened or written stays.
  const keeps = (element, name) => (element.localName === 'details' && name === 'open')
    || (element.localName === 'input' && name === 'value') || (element.localName === 'button' && name === 'disabled');

  // --- Actions: with the token, after a question --------------------------------------------------------------------

  async function act(button) {
    const { action, store, title, text, command, query, done } = button.dataset;
    const label = button.textContent;
    if (text && !await confirmed(title, text, command, label)) return;
    button.disabled = true;
    try {
      for (let ended = ''; ;) {
        if (!sessionStorage.getItem(KEY) && !await begin(ended)) return;
        const { answer, said } = await post(
          `stores/${encodeURIComponent(store)}/${action}${query ? `?${query}` : ''}`, sessionStorage.getItem(KEY));
        if (answer.status === 401 || answer.status === 429) {
          sessionStorage.removeItem(KEY);
          ended = 'CoCart Upkeep was restarted, or the token was replaced. Give the token once more.';
        } else {
          say(answer.ok ? done : sentence(said.detail || `${label} did not work (${answer.status})`), !answer.ok);
          break;
        }
      }
    } catch (error) {
      say(`${label} did not reach CoCart Upkeep. Is it running?`, true);
    } finally {
      button.disabled = false;
      refresh();
    }
  }

  // Whoever listens at this address after CoCart Upkeep has ended must not be sent the token, so the page does not keep it.
  async function begin(wrong) {
    for (let error = wrong; ;) {
      const token = await askToken(error);
      if (!token) return false;
      const { answer, said } = await post('session', token);
      if (answer.ok) {
        sessionStorage.setItem(KEY, said.key);
        return true;
      }
      error = answer.status === 401
        ? 'This token is wrong. Run bin/upkeep token and paste what it shows.'
        : sentence(said.detail || `That did not work (${answer.status})`);
    }
  }

  async function post(path, key) {
    const answer = await fetch(`/api/v1/${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, Accept: 'application/json' },
    });
    return { answer, said: await answer.json().catch(() => ({})) };
  }

  function confirmed(title, text, command, label) {
    by('confirm-title').textContent = title;
    by('confirm-text').textContent = text;
    by('confirm-command').textContent = command;
    by('confirm-yes').textContent = label === 'Cancel' ? 'Cancel the update' : label;
    return open(by('confirm')).then((value) => value === 'yes');
  }

  function askToken(wrong) {
    const dialog = by('token');
    let token = '';
    by('token-input').value = '';
    by('token-error').textContent = wrong;
    by('token-form').onsubmit = (event) => {
      event.preventDefault();
      token = by('token-input').value.trim();
      by('token-input').value = '';
      dialog.close();
    };
    by('token-no').onclick = () => dialog.close();
    const closed = open(dialog).then(() => {
      const given = token;
      token = '';
      return given;
    });
    by('token-input').focus();
    return closed;
  }

  function open(dialog) {
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue), { once: true }));
  }

  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? '' : '.');

  let quiet = 0;
  function say(text, bad) {
    clearTimeout(quiet);
    by('said').classList.toggle('bad', Boolean(bad));
    by('said').textContent = text;
    quiet = setTimeout(() => { by('said').textContent = ''; }, bad ? 20000 : 8000);
  }

  async function copy(button) {
    const code = button.parentElement.querySelector('code');
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say('Copied.');
    } catch (error) {
      getSelection().selectAllChildren(code);
      say('Selected; copy it with Ctrl+C.');
    }
  }

  // --- Start --------------------------------------------------------------------------------------------------------

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button && button.dataset.action) act(button);
    if (button && button.dataset.copy) copy(button);
  });
  // found while one types
  let typed = 0;
  document.addEventListener('input', (event) => {
    if (event.target.id !== 'q') return;
    clearTimeout(typed);
    typed = setTimeout(() => {
      const words = new URLSearchParams(new FormData(event.target.form));
      if (!words.get('q')) words.delete('q');
      history.replaceState(null, '', `/${words.size ? `?${words}` : ''}`);
      refresh();
    }, 200);
  });
  document.addEventListener('visibilitychange', () => {
    if (!seconds()) return;
    if (document.hidden) {
      clearTimeout(timer);
      live('paused', 'Paused');
    } else {
      refresh();
    }
  });
  addEventListener('online', () => { if (seconds()) refresh(); });
  document.addEventListener('DOMContentLoaded', next);
})();
