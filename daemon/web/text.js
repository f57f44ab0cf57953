// The words of the dashboard in English and Chinese.
const words = {
  jobs: ["Jobs", "任务"],
  durable: ["durable up to", "已落盘至"],
  nothing: ["nothing exported yet", "尚未导出"],
  behind: ["behind", "延迟"],
  noGaps: ["no gaps", "无缺口"],
  gaps: ["gaps", "个缺口"],
  retention: ["retention left", "保留期剩余"],
  late: ["late", "已延误"],
  fresh: ["fresh", "正常"],
  rows: ["rows", "行"],
  windows: ["windows", "个窗口"],
  running: ["running", "运行中"],
  of: ["of", "/"],
  unreachable: ["The daemon does not answer. Trying again.", "守护进程无响应，正在重试。"],
  notFound: ["Not found", "未找到"],
  noJobs: ["No jobs. Put a job file into jobsDir and reload the daemon.", "没有任务。请将任务文件放入 jobsDir 并重新加载。"],
  previousDay: ["Day before", "前一天"],
  nextDay: ["Day after", "后一天"],
  today: ["Today", "今天"],
  window: ["Window", "窗口"],
  values: ["Values", "参数值"],
  attempts: ["Attempts", "运行记录"],
  dirtyRows: ["Dirty rows", "脏数据"],
  objects: ["Objects", "文件"],
  log: ["Log", "日志"],
  why: ["Why", "原因"],
  number: ["No.", "序号"],
  result: ["Result", "结果"],
  started: ["Started", "开始"],
  seconds: ["Seconds", "用时（秒）"],
  error: ["Error", "错误"],
  name: ["Name", "名称"],
  size: ["Size", "大小"],
  none: ["none", "无"],
  hour: ["Hour", "小时"],
  every: ["every", "每"],
  minutes: ["min", "分钟"],
  grid: ["Windows of the day", "当日各窗口"],
  NOT_RUN: ["waits for its predecessor", "未运行"],
  WAIT_TIME: ["not due yet", "等待时间"],
  WAIT_RESOURCE: ["waits for a place", "等待资源"],
  RUNNING: ["running", "运行中"],
  RETRY_WAIT: ["waits to be repeated", "等待重试"],
  SUCCESS: ["done", "成功"],
  FAILURE: ["failed", "失败"],
  FROZEN: ["frozen", "冻结"],
  KILLING: ["being stopped", "终止中"],
  LOST: ["lost", "丢失"],
  SKIPPED: ["skipped", "已跳过"],
  open: ["running", "运行中"],
  success: ["done", "成功"],
  failed: ["failed", "失败"],
  lost: ["lost", "丢失"],
  killed: ["stopped", "已终止"],
  timed_out: ["took too long", "超时"],
};

const languages = ["en", "zh"];

function initial() {
  const kept = localStorage.getItem("language");
  if (languages.includes(kept)) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export let language = initial();

export function t(key) {
  const pair = words[key];
  return pair ? pair[languages.indexOf(language)] : key;
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  localStorage.setItem("language", language);
}
