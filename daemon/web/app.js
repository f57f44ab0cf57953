// The dashboard: three views (jobs, a job's day, an instance) that ask the API again every few seconds.
import { language, switchLanguage, t } from "/text.js";

const PERIOD = 5000;
const LOG_TAIL = 20000;
const view = document.getElementById("view");
const summary = document.getElementById("summary");

// An element: el("a", { href }, child, "text", ...). Text is never read as HTML.
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

async function ask(path) {
  const answer = await fetch("/api/v1" + path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail), { status: answer.status });
  return body;
}

// The parts of a time in a zone, as text: { year, month, day, hour, minute, second }.
function parts(time, zone) {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  return Object.fromEntries(format.formatToParts(new Date(time)).map((part) => [part.type, part.value]));
}
const dayOf = (time, zone) => { const p = parts(time, zone); return `${p.year}-${p.month}-${p.day}`; };
const clockOf = (time, zone) => {
  const p = parts(time, zone);
  return `${p.hour}:${p.minute}` + (p.second === "00" ? "" : `:${p.second}`);
};
const momentOf = (time, zone) => (time ? `${dayOf(time, zone)} ${clockOf(time, zone)}` : "-");
const shiftDay = (day, by) => {
  const date = new Date(day + "T00:00:00Z");
  date.setUTCDate(date.getUTCDate() + by);
  return date.toISOString().slice(0, 10);
};

const count = (number) => new Intl.NumberFormat(language).format(number);
function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (number >= 1000 && unit < units.length - 1) { number /= 1000; unit += 1; }
  return `${unit === 0 ? number : number.toFixed(1)} ${units[unit]}`;
}
function lag(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function retentionText(retention) {
  if (!retention) return "";
  const left = `${t("retention")} ${lag(Math.max(0, retention.left_seconds))}`;
  return el("span", {}, " · ", el("span", { class: retention.low ? "bad" : "" }, left));
}

function coverageLine(job) {
  const coverage = job.coverage;
  if (!coverage.until) return el("p", { class: "coverage" }, t("nothing"));
  const gaps = coverage.gaps.length;
  return el("p", { class: "coverage" },
    `${t("durable")} `, el("strong", {}, momentOf(coverage.until, job.zone)),
    ` · ${lag(coverage.lag_seconds)} ${t("behind")} · `,
    el("span", { class: gaps ? "bad" : "good" }, gaps ? `${gaps} ${t("gaps")}` : t("noGaps")),
    ` · ${count(coverage.windows)} ${t("windows")} · ${count(coverage.rows)} ${t("rows")}`,
    retentionText(coverage.retention));
}

const jobLink = (name, day) => `#/jobs/${encodeURIComponent(name)}` + (day ? `/${day}` : "");
const instanceLink = (id) => `#/instances/${encodeURIComponent(id)}`;

// A block per window: 24 rows of an hour, as many columns as the interval gives.
function dayGrid(job, instances) {
  const columns = Math.max(1, Math.floor(60 / job.schedule.interval_minutes));
  const hours = Array.from({ length: 24 }, () => []);
  for (const instance of instances) {
    hours[Number(parts(instance.scheduled, job.zone).hour)].push(instance);
  }
  const rows = hours.map((slots, hour) => el("tr", {},
    el("th", { scope: "row" }, String(hour).padStart(2, "0")),
    slots.map((instance) => {
      const clock = clockOf(instance.scheduled, job.zone);
      const label = `${clock} ${t(instance.state)}` +
        (instance.state === "SUCCESS" ? `, ${count(instance.rows)} ${t("rows")}` : "");
      return el("td", {}, el("a", {
        class: `slot ${instance.state}`, href: instanceLink(instance.id), title: label, "aria-label": label,
      }));
    })));
  return el("table", { class: "grid", "data-columns": String(columns) },
    el("caption", {}, t("grid")), el("tbody", {}, rows));
}

function legend() {
  const states = ["SUCCESS", "RUNNING", "WAIT_TIME", "NOT_RUN", "WAIT_RESOURCE", "RETRY_WAIT", "KILLING", "FAILURE",
    "LOST", "FROZEN", "SKIPPED"];
  return el("p", { class: "legend" }, states.map((state) =>
    el("span", {}, el("i", { class: `slot ${state}`, "aria-hidden": "true" }), ` ${t(state)} `)));
}

async function wholeDay(job, day) {
  const all = [];
  let after = "";
  do {
    const page = await ask(`/instances?limit=1000&job=${encodeURIComponent(job)}&date=${day}${after}`);
    all.push(...page.instances);
    after = page.next ? `&after=${encodeURIComponent(page.next)}` : "";
  } while (after);
  return all.reverse();
}

async function showJobs() {
  const { jobs, now } = await ask("/status");
  const cards = await Promise.all(jobs.map(async (job) => el("section", { class: "card" },
    el("h2", {}, el("a", { href: jobLink(job.name) }, job.name), " ",
      el("span", { class: job.coverage.fresh ? "pill good" : "pill bad" }, t(job.coverage.fresh ? "fresh" : "late"))),
    coverageLine(job),
    dayGrid(job, await wholeDay(job.name, dayOf(now, job.zone))))));
  return [el("h1", {}, t("jobs")), jobs.length ? null : el("p", {}, t("noJobs")), ...cards, legend()];
}

async function showJob(name, day) {
  const [job, { now }] = await Promise.all([ask(`/jobs/${encodeURIComponent(name)}`), ask("/status")]);
  const shown = day || dayOf(now, job.zone);
  const instances = await wholeDay(name, shown);
  return [
    el("h1", {}, job.name),
    coverageLine(job),
    el("p", { class: "faint" }, `${t("every")} ${job.schedule.interval_minutes} ${t("minutes")}, ` +
      `${job.schedule.start}-${job.schedule.end}, ${job.zone} · ${job.file}`),
    el("nav", { class: "days" },
      el("a", { href: jobLink(name, shiftDay(shown, -1)) }, "← " + t("previousDay")),
      el("strong", {}, shown),
      el("a", { href: jobLink(name, shiftDay(shown, 1)) }, t("nextDay") + " →"),
      el("a", { href: jobLink(name) }, t("today"))),
    el("section", { class: "card" }, dayGrid(job, instances)),
    legend(),
  ];
}

const table = (titles, rows) => el("div", { class: "scroll" }, el("table", { class: "list" },
  el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))),
  el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)))))));

// The end of the newest attempt's log.
async function logTail(path) {
  let text = "";
  let offset = 0;
  for (let rounds = 0; rounds < 8; rounds += 1) {
    const part = await ask(`${path}/logs?limit=1000000&offset=${offset}`);
    text = (text + part.text).slice(-LOG_TAIL);
    offset = part.next;
    if (part.at_end) break;
  }
  return text;
}

async function showInstance(id) {
  const path = `/instances/${encodeURIComponent(id)}`;
  const [instance, why] = await Promise.all([ask(path), ask(`${path}/why`)]);
  const log = instance.attempt_count > 0 ? await logTail(path).catch(() => "") : "";
  const zone = instance.zone;
  const seconds = (attempt) => (attempt.finished
    ? ((new Date(attempt.finished) - new Date(attempt.started)) / 1000).toFixed(1) : "-");
  const dirty = (attempt) => {
    const rows = attempt.statistics?.dirty_rows ?? 0;
    return attempt.dirty_file ? `${count(rows)}: ${attempt.dirty_file}` : count(rows);
  };
  return [
    el("h1", {}, instance.id, " ", el("span", { class: `pill ${instance.state}` }, t(instance.state))),
    el("p", {}, el("a", { href: jobLink(instance.job, dayOf(instance.scheduled, zone)) }, "← " + instance.job)),
    el("section", { class: "card" },
      el("h2", {}, t("why")), el("p", {}, why.why),
      el("h2", {}, t("window")),
      el("p", {}, `${momentOf(instance.window.start, zone)} - ${momentOf(instance.window.end, zone)} (${zone})`),
      el("h2", {}, t("values")),
      table([t("name"), t("values")], Object.entries(instance.values))),
    el("section", { class: "card" }, el("h2", {}, t("attempts")),
      instance.attempts.length ? table(
        [t("number"), t("result"), t("started"), t("seconds"), t("dirtyRows"), t("error")],
        instance.attempts.map((attempt) => [String(attempt.number), t(attempt.result),
          momentOf(attempt.started, zone), seconds(attempt), dirty(attempt), attempt.error])) : el("p", {}, t("none"))),
    el("section", { class: "card" }, el("h2", {}, t("objects")),
      instance.objects.length ? table([t("name"), t("size"), t("rows")],
        instance.objects.map((object) => [object.name, bytes(object.bytes), count(object.rows)]))
        : el("p", {}, t("none"))),
    log ? el("section", { class: "card" }, el("h2", {}, t("log")), el("pre", { tabindex: "0" }, log)) : null,
  ];
}

function route() {
  const [, kind, ...rest] = location.hash.split("/").map(decodeURIComponent);
  if (kind === "jobs") return () => showJob(rest[0], rest[1]);
  if (kind === "instances") return () => showInstance(rest[0]);
  return showJobs;
}

let turn = 0;  // an answer that comes after the reader went elsewhere is dropped

async function refresh() {
  const mine = (turn += 1);
  try {
    const content = await route()();
    const status = await ask("/status");
    if (mine !== turn) return;
    summary.textContent = `${status.running} ${t("of")} ${status.running_max} ${t("running")} · ${status.version}`;
    summary.className = status.ready ? "good" : "bad";
    const focused = document.activeElement?.getAttribute("href");
    const log = view.querySelector("pre");
    const scroll = log ? log.scrollHeight - log.scrollTop - log.clientHeight > 20 ? log.scrollTop : null : null;
    view.replaceChildren(...content.filter((node) => node !== null));
    const fresh = view.querySelector("pre");
    if (fresh) fresh.scrollTop = scroll ?? fresh.scrollHeight;
    if (focused) [...view.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  } catch (failure) {
    if (mine !== turn) return;
    if (failure.status) view.replaceChildren(el("p", { class: "bad" }, failure.message || t("notFound")));
    summary.textContent = failure.status ? "" : t("unreachable");
    summary.className = "bad";
  }
}

function applyLanguage() {
  document.documentElement.lang = language;
  const button = document.getElementById("language");
  button.textContent = language === "en" ? "中文" : "English";
  button.lang = language === "en" ? "zh" : "en";
}

document.getElementById("language").addEventListener("click", () => {
  switchLanguage();
  applyLanguage();
  refresh();
});
addEventListener("hashchange", () => {
  view.focus();
  refresh();
});
applyLanguage();
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, PERIOD);
