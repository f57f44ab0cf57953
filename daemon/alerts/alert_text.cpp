#include "daemon/alerts/alert_text.hpp"

#include "core/base/utf8.hpp"
#include "daemon/base/time_text.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::daemon {
namespace {

using scheduler::AlertFacts;
using scheduler::AlertKind;
using scheduler::Delivery;
using scheduler::NoticeEvent;

constexpr std::size_t kErrorBytesMax = 1000;

// "{}" stands for the number of instances, slots or files, or for that of a cycle or backfill.
struct KindText {
  std::string_view english;
  std::string_view chinese;
};
constexpr std::array<KindText, 19> kKinds = {{
    {"an attempt failed, a rerun follows", "运行失败，将自动重跑"},
    {"failed, no rerun is left", "运行失败，自动重跑次数已用尽"},
    {"failed because it took longer than its timeout", "运行超时，已失败"},
    {"its attempt was lost and must not be repeated by itself", "运行中断且不允许自动重跑"},
    {"not finished by its time, {} windows are open", "未在规定时间完成，尚有 {} 个窗口"},
    {"cycle {} is not finished by its time", "第 {} 个周期未在规定时间完成"},
    {"an attempt runs for too long", "运行时间过长"},
    {"late, {} windows are due and not durable", "数据延迟，{} 个到期窗口尚未落盘"},
    {"the stream will soon drop records that are not exported yet", "增量流即将清除尚未导出的数据"},
    {"{} windows wait behind one that only a person can let go on", "{} 个窗口被阻塞，等待人工处理"},
    {"{} slots have no instance", "{} 个调度时间点没有实例"},
    {"{} windows were skipped by catch-up", "追赶时跳过了 {} 个窗口"},
    {"the daemon was started again without an ordered stop, {} attempts were open",
     "守护进程异常退出后已重启，{} 个尝试被中断"},
    {"the state store does not work, nothing new is started", "状态存储故障，暂停启动新任务"},
    {"{} problems in the definition files, their earlier versions stay in force",
     "定义文件有 {} 处错误，旧版本继续生效"},
    {"notices cannot be delivered", "通知无法送达"},
    {"backfill {} failed, an instance waits for a person", "补数据 {} 失败，有实例等待人工处理"},
    {"backfill {} is done", "补数据 {} 已完成"},
    {"backfill {} was cancelled", "补数据 {} 已取消"},
}};

std::string pick(Language language, std::string_view english, std::string_view chinese) {
  return std::string(language == Language::chinese ? chinese : english);
}

std::string headline(const Delivery& delivery, Language language) {
  const scheduler::Notice& notice = delivery.notice;
  if (notice.event == NoticeEvent::test)
    return pick(language, "test notice of channel ", "测试通知，渠道 ") + delivery.channel;
  const KindText& kind = kKinds.at(static_cast<std::size_t>(notice.kind));
  const std::string what =
      fmt::format(fmt::runtime(pick(language, kind.english, kind.chinese)), notice.facts.count);
  std::string prefix;
  if (notice.event == NoticeEvent::recovered) prefix = pick(language, "recovered: ", "已恢复：");
  if (notice.event == NoticeEvent::again) prefix = pick(language, "still so: ", "仍未恢复：");
  std::string subject = notice.facts.job;
  if (notice.kind == AlertKind::channel) subject = notice.facts.instance;
  return prefix + (subject.empty() ? "" : subject + pick(language, ": ", "：")) + what;
}

std::string way_out(const scheduler::Notice& notice, Language language) {
  const AlertFacts& facts = notice.facts;
  switch (notice.kind) {
    case AlertKind::failed:
    case AlertKind::exhausted:
    case AlertKind::timeout:
    case AlertKind::lost:
      return fmt::format("sluice why {0}; sluice logs {0}; sluice rerun {0}", facts.instance);
    case AlertKind::unfinished:
    case AlertKind::unfinished_cycle:
    case AlertKind::running:
    case AlertKind::lag:
    case AlertKind::blocked:
      return fmt::format("sluice why {}", facts.instance);
    case AlertKind::retention:
      return fmt::format("sluice coverage {0}; sluice instances {0}", facts.job);
    case AlertKind::missing:
      return fmt::format("sluice plan {}", facts.job);
    case AlertKind::skipped:
      return fmt::format("sluice instances {} --state SKIPPED", facts.job);
    case AlertKind::restart:
      return pick(language, "the log of the daemon (journalctl -u sluice) says what happened",
                  "原因见守护进程日志（journalctl -u sluice）");
    case AlertKind::store:
      return pick(language, "look at the disk of stateDir; it goes on by itself once the file can be written",
                  "请检查 stateDir 所在磁盘；恢复可写后自动继续");
    case AlertKind::definitions:
      return pick(language, "sluice check FILE", "sluice check 文件");
    case AlertKind::channel:
      return fmt::format("sluice alert-test {}", facts.instance);
    case AlertKind::backfill_failed:
      return fmt::format("sluice backfill show {0}; sluice why {1}; sluice rerun {1}", facts.count,
                         facts.instance);
    case AlertKind::backfill_done:
    case AlertKind::backfill_cancelled:
      return fmt::format("sluice backfill show {}", facts.count);
  }
  return "";
}

std::string local_or_empty(const std::optional<Instant>& instant, const std::string& zone) {
  return instant ? local_second(*instant, zone) : std::string();
}

std::string length_text(Duration length, Language language) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(length).count();
  if (language == Language::chinese) {
    return minutes < 60 ? fmt::format("{} 分钟", minutes)
                        : fmt::format("{} 小时 {} 分钟", minutes / 60, minutes % 60);
  }
  return minutes < 60 ? fmt::format("{} min", minutes)
                      : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

class Lines {
 public:
  explicit Lines(Language language) : language_(language) {}
  void add(std::string_view english, std::string_view chinese, const std::string& value) {
    if (value.empty()) return;
    if (!text_.empty()) text_ += '\n';
    text_ += pick(language_, english, chinese) + pick(language_, ": ", "：") + value;
  }
  std::string take() { return std::move(text_); }

 private:
  Language language_;
  std::string text_;
};

std::string window_text(const AlertFacts& facts, const std::string& zone) {
  if (!facts.window_start || !facts.window_end) return "";
  return fmt::format("{} .. {}", local_or_empty(facts.window_start, zone),
                     local_or_empty(facts.window_end, zone));
}

std::string behind_text(const scheduler::Notice& notice) {
  const bool counts_behind = notice.kind == AlertKind::exhausted || notice.kind == AlertKind::timeout ||
                             notice.kind == AlertKind::lost;
  return counts_behind && notice.facts.count > 0 ? std::to_string(notice.facts.count) : std::string();
}

// The page of the incident; what was sent from memory, or as a test, has none.
std::string link_of(const AlertConfig& config, const scheduler::Notice& notice) {
  if (config.link.empty()) return "";
  return notice.incident > 0 ? fmt::format("{}/#/incidents/{}", config.link, notice.incident)
                             : config.link + "/";
}

}  // namespace

std::string cut_text(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  std::size_t end = bytes < 3 ? 0 : bytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string_view severity_of(AlertKind kind, NoticeEvent event) noexcept {
  if (event == NoticeEvent::recovered || event == NoticeEvent::test || kind == AlertKind::skipped ||
      kind == AlertKind::backfill_done)
    return "info";
  const bool critical = kind == AlertKind::exhausted || kind == AlertKind::timeout ||
                        kind == AlertKind::lost || kind == AlertKind::retention || kind == AlertKind::store ||
                        kind == AlertKind::missing;
  return critical ? "critical" : "warning";
}

AlertMessage compose_alert(const Delivery& delivery, Language language, const AlertConfig& config) {
  const scheduler::Notice& notice = delivery.notice;
  const AlertFacts& facts = notice.facts;
  const std::string zone = facts.zone.empty() ? config.policy.silence.zone : facts.zone;
  const bool test = notice.event == NoticeEvent::test;
  const std::string error = foreign_line(facts.error, kErrorBytesMax);
  const std::string out = test ? std::string() : way_out(notice, language);
  const std::string link = link_of(config, notice);
  AlertMessage message;
  message.delivery = fmt::format("{}-{}", delivery.id, notice.at.time_since_epoch().count());
  message.title = "[sluice] " + foreign_line(headline(delivery, language), kErrorBytesMax);
  Lines lines(language);
  lines.add("job", "作业", facts.job);
  lines.add("instance", "实例", notice.kind == AlertKind::channel ? std::string() : facts.instance);
  lines.add("business date", "业务日期", facts.business_date);
  lines.add("window", "窗口", window_text(facts, zone));
  lines.add("durable up to", "数据已落盘至", local_or_empty(facts.until, zone));
  lines.add("windows waiting behind it", "后续等待的窗口", behind_text(notice));
  if (notice.kind == AlertKind::retention) {
    lines.add("time left", "剩余时间", length_text(facts.length, language));
  } else if (facts.length > Duration(0)) {
    lines.add("for", "持续", length_text(facts.length, language));
  }
  lines.add("reason", "原因", error);
  lines.add("since", "开始于", test ? std::string() : local_or_empty(notice.opened, zone));
  lines.add("way out", "处理方法", out);
  lines.add("dashboard", "控制台", link);
  message.text = lines.take();
  const std::string rule(test ? "test" : to_string(notice.kind));
  const auto utc = [](const std::optional<Instant>& instant) {
    return instant ? utc_text(*instant) : std::string();
  };
  message.variables = {
      {"id", std::to_string(delivery.id)},
      {"delivery", message.delivery},
      {"incident", std::to_string(notice.incident)},
      {"event", std::string(to_string(notice.event))},
      {"rule", rule},
      {"severity", std::string(severity_of(notice.kind, notice.event))},
      {"job", facts.job},
      {"instance", notice.kind == AlertKind::channel ? std::string() : facts.instance},
      {"business_date", facts.business_date},
      {"window_start", utc(facts.window_start)},
      {"window_end", utc(facts.window_end)},
      {"until", utc(facts.until)},
      {"error", error},
      {"count", std::to_string(facts.count)},
      {"seconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(facts.length).count())},
      {"opened_at", utc_text(notice.opened)},
      {"at", utc_text(notice.at)},
      {"title", message.title},
      {"text", message.text},
      {"way_out", out},
      {"link", link}};
  return message;
}

std::string message_json(const AlertMessage& message) {
  std::string out = "{";
  for (const auto& [name, value] : message.variables) {
    const bool number = name == "id" || name == "incident" || name == "count" || name == "seconds";
    if (out.size() > 1) out += ',';
    out += fmt::format("\"{}\":", name);
    if (number) {
      out += value;
    } else if (value.empty()) {
      out += "null";
    } else {
      out += '"' + json_escaped(value) + '"';
    }
  }
  return out + "}";
}

}  // namespace sluice::daemon
