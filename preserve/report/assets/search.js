// Searching, as a convenience: every list can be read without it. Index files are scripts, because a page opened
// from disk may load scripts beside it but no data. Texts are put in as text, never as markup.
"use strict";

const preserveSearch = (() => {
  const POSTS_A_SHARD = 400, OTHER_SHARDS = 64, SHOWN = 200;
  const words = new Map(), posts = new Map(), loading = new Map();
  const form = document.getElementById("search"), said = document.getElementById("said"), results = document.getElementById("results");
  const shards = new Set(form.dataset.shards.split(" "));
  const common = new Set(["http", "https", "www", "com", "html", "htm", "md"]); // as preserve.report.searching has it
  const cjk = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/;

  const shardOf = (word) => (word.charCodeAt(0) < 128 ? word.slice(0, 2) : "x-" + (word.codePointAt(0) % OTHER_SHARDS));

  function wordsOf(text) {
    const found = [];
    for (const [run] of text.normalize("NFKC").toLowerCase().matchAll(/[0-9a-z]+|(?:(?![0-9a-z])[\p{L}\p{N}])+/gu)) {
      const signs = [...run];
      if (!cjk.test(run)) { if ((signs.length > 1 || /[0-9]/.test(run)) && !common.has(run)) found.push(signs.slice(0, 40).join("")); }
      else if (signs.length === 1) found.push(run);
      else for (let index = 0; index + 1 < signs.length; index += 1) found.push(signs[index] + signs[index + 1]);
    }
    return found;
  }

  function load(name) {
    if (!loading.has(name)) {
      loading.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = "search/" + name + ".js";
        script.onload = () => resolve();
        script.onerror = () => { loading.delete(name); reject(new Error(name)); };
        document.head.append(script);
      }));
    }
    return loading.get(name);
  }

  async function postsWith(word) {
    const shard = shardOf(word), found = new Map();
    if (!shards.has(shard)) return found;
    await load("w-" + shard);
    for (const [known, numbers] of words.get(shard)) {
      if (!known.startsWith(word)) continue;
      for (const number of numbers) found.set(number, Math.max(found.get(number) || 0, known === word ? 2 : 1));
    }
    return found;
  }

  async function matching(text) {
    let found = null;
    for (const word of new Set(wordsOf(text))) {
      const with_ = await postsWith(word);
      if (found === null) found = with_;
      else for (const [number, score] of found) with_.has(number) ? found.set(number, score + with_.get(number)) : found.delete(number);
    }
    return found || new Map();
  }

  async function postsOf(numbers) {
    await Promise.all([...new Set(numbers.map((number) => Math.floor(number / POSTS_A_SHARD)))].map((shard) => load("p-" + shard)));
    return numbers.map((number) => posts.get(Math.floor(number / POSTS_A_SHARD))[number % POSTS_A_SHARD]);
  }

  // As preserve.visible has it: what would steer a line is shown instead of obeyed.
  const visible = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]/g, (sign, at, whole) => {
    const code = sign.charCodeAt(0);
    if (code >= 0xd800 && code <= 0xdfff) {
      const pair = code < 0xdc00 ? whole.codePointAt(at) > 0xffff : at > 0 && whole.codePointAt(at - 1) > 0xffff;
      return pair ? sign : "\\u" + code.toString(16);
    }
    if (code === 9 || code === 10) return " ";
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\\u" + code.toString(16).padStart(4, "0");
  });

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function shown([page, title, host, day, verdict, since]) {
    const item = element("li"), head = element("p"), link = element("a"), by = element("p", "by");
    link.href = "posts/" + page.slice(0, 2) + "/" + page.slice(2) + ".html";
    link.append(element("bdi", "", visible(title)));
    head.append(link);
    const option = form.elements.verdict.querySelector('option[value="' + verdict + '"]');
    const mark = element("span", "verdict v-" + verdict), sign = element("span", "sign", option.dataset.sign);
    sign.setAttribute("aria-hidden", "true");
    mark.append(sign, " " + option.textContent);
    by.append(mark, " ", element("bdi", "host", visible(host)), day ? " · " + day : "");
    item.append(head, by);
    item.dataset.since = since;
    return item;
  }

  const orders = {
    date: (one, other) => other[3].localeCompare(one[3]),
    since: (one, other) => other[5].localeCompare(one[5]),
    host: (one, other) => one[2].localeCompare(other[2]) || other[3].localeCompare(one[3]),
  };

  let asked = 0;
  async function search() {
    const turn = (asked += 1), text = form.elements.q.value;
    if (!wordsOf(text).length) { results.replaceChildren(); said.textContent = ""; return; }
    said.textContent = form.dataset.wait;
    try {
      const found = await matching(text);
      const numbers = [...found.keys()].sort((one, other) => found.get(other) - found.get(one) || one - other);
      let all = await postsOf(numbers);
      if (turn !== asked) return;
      const verdict = form.elements.verdict.value, order = orders[form.elements.order.value];
      if (verdict) all = all.filter((post) => post[4] === verdict);
      if (order) all.sort(order);
      results.replaceChildren(...all.slice(0, SHOWN).map(shown));
      said.textContent = !all.length ? form.dataset.none : form.dataset.found.replace("{n}", String(all.length))
        + (all.length > SHOWN ? " · " + form.dataset.shown.replace("{n}", String(SHOWN)) : "");
    } catch (error) {
      if (turn === asked) said.textContent = form.dataset.broken;
    }
  }

  let waiting = 0;
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 150); });
  form.hidden = false;
  form.elements.q.value = new URLSearchParams(location.search).get("q") || "";
  queueMicrotask(search);

  return {
    wordsOf,
    words: (shard, entries) => { words.set(shard, Object.entries(entries)); },
    posts: (number, entries) => { posts.set(number, entries); },
  };
})();
