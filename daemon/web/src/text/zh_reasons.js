// The reasons that the API gives in English, in Chinese: by reason_code, else by state. For the page's reasons.js.
export const zhReasons = {
  codes: {
    attempt_failed: '运行失败', 'RETRY_WAIT attempt_failed': '运行失败，等待自动重跑', timed_out: '运行超时', killed: '被操作员终止', attempt_lost: '守护进程退出，尝试中断',
    missed: '停机或暂停期间错过，按 catchUp 跳过', skipped: '被操作员跳过', set_success: '由操作员置为成功', dry_run: '空跑，不运行',
    frozen: '被操作员冻结', job_paused: '作业已暂停', put_back: '由操作员放行',
  },
  states: {
    NOT_RUN: '等待前面的实例', WAIT_TIME: '未到调度时间', WAIT_RESOURCE: '等待空闲的并发位', RUNNING: '正在运行', KILLING: '正在终止',
    RETRY_WAIT: '等待自动重跑', SUCCESS: '已成功', SKIPPED: '已跳过', FAILURE: '运行失败', LOST: '尝试中断，需人工确认', FROZEN: '已冻结',
  },
  noInstance: '作业未加载，或该时间点的实例尚未计划',
  jobStands: '作业已暂停或未加载',
  resumed: '运行 {n} 个已到时间的窗口', skipping: '，跳过 {n} 个',
  waitsFor: '等待 {name}', andMore: '等 {n} 个实例', which: '，后者',
};
