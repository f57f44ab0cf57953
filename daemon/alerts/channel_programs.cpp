#include "daemon/alerts/channel_programs.hpp"

#include "core/base/utf8.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "daemon/alerts/channel_webhook.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <unistd.h>

namespace sluice::daemon {
namespace {

constexpr std::size_t kMailLine = 76;
// RFC 2047: a line with an encoded word has at most 76 characters; 39 bytes become 52 of base64, with
// "Subject: ", "=?UTF-8?B?" and "?=" 73.
constexpr std::size_t kEncodedBytes = 39;
constexpr std::size_t kOutputShown = 300;

// Whole characters, for a word must not end within one.
std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), kEncodedBytes);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    if (end == 0) end = std::min(text.size(), kEncodedBytes);
    if (!out.empty()) out += "\n ";
    out += "=?UTF-8?B?" + http::base64(text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return out;
}

// Plain where it can be: everything else, and all that could end the line, goes into encoded words.
std::string subject_of(std::string_view title) {
  const bool plain = title.size() <= kMailLine - 10 && title.find("=?") == std::string_view::npos &&
                     std::all_of(title.begin(), title.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
  return plain ? std::string(title) : encoded_words(title);
}

std::string in_lines(std::string_view base64) {
  std::string out;
  for (; !base64.empty(); base64.remove_prefix(std::min(base64.size(), kMailLine))) {
    out += base64.substr(0, kMailLine);
    out += "\n";
  }
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string variable_name(std::string_view name) {
  std::string out = "SLUICE_";
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

ProcessRequest request_of(const ChannelConfig& config) {
  ProcessRequest request;
  request.command = config.command;
  request.timeout = config.timeout;
  request.grace = config.grace;
  return request;
}

// Output of programs goes to a terminal or a log some day.
std::string printable(std::string_view text) {
  std::string out = foreign_line(text, kOutputShown);
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

Result<void> judge_end(const ProcessEnd& end, const ChannelConfig& config) {
  const std::string& program = config.command.front();
  const std::string said = end.output.empty() ? "" : ": " + printable(end.output);
  if (end.timed_out) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(config.timeout).count();
    return Error(Errc::timeout, fmt::format("send notice: {} took longer than {} s and was stopped{}",
                                            program, seconds, said));
  }
  if (end.signal != 0)
    return Error(Errc::unavailable,
                 fmt::format("send notice: {} ended by signal {}{}", program, end.signal, said));
  if (end.exit_code != 0)
    return Error(Errc::unavailable,
                 fmt::format("send notice: {} ended with {}{}", program, end.exit_code, said));
  return {};
}

}  // namespace

ProcessRequest command_request(const ChannelConfig& config, const AlertMessage& message) {
  ProcessRequest request = request_of(config);
  request.input = message_json(message) + "\n";
  for (const auto& [name, value] : message.variables) {
    // No text that a program could be given holds a NUL.
    std::string safe = value;
    std::replace(safe.begin(), safe.end(), '\0', ' ');
    request.environment.emplace_back(variable_name(name), std::move(safe));
  }
  return request;
}

ProcessRequest mail_request(const ChannelConfig& config, const AlertMessage& message, Instant now,
                            std::string_view host) {
  ProcessRequest request = request_of(config);
  std::string date = http::format_date(now);
  if (date.ends_with("GMT")) date.replace(date.size() - 3, 3, "+0000");
  std::string opened;
  for (const auto& [name, value] : message.variables) {
    if (name == "incident") opened = value;
  }
  std::string& mail = request.input;
  mail += fmt::format("From: {}\n", config.from);
  mail += fmt::format("To: {}\n", fmt::join(config.to, ",\n "));
  mail += fmt::format("Subject: {}\n", subject_of(message.title));
  mail += fmt::format("Date: {}\n", date);
  mail += fmt::format("Message-ID: <sluice.delivery.{}@{}>\n", message.delivery, host);
  // Mail programs put the notices of one incident together.
  if (opened != "0") mail += fmt::format("References: <sluice.incident.{}@{}>\n", opened, host);
  mail += "Auto-Submitted: auto-generated\n";
  mail += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n";
  mail += in_lines(http::base64(message.title + "\n\n" + message.text + "\n"));
  return request;
}

awaitable<Result<void>> ProgramChannel::send(AlertMessage message) {
  ProcessRequest request = config_.type == ChannelType::sendmail
                               ? mail_request(config_, message, ports_.clock.now(), host_name())
                               : command_request(config_, message);
  const auto end = co_await run_process(ports_.executor, ports_.clock, std::move(request));
  if (!end) co_return end.error().in("send notice");
  if (!end->output.empty()) spdlog::debug("channel={} output=\"{}\"", config_.name, printable(end->output));
  co_return judge_end(*end, config_);
}

std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelPorts& ports) {
  if (config.type == ChannelType::webhook) return std::make_unique<WebhookChannel>(config, ports);
  return std::make_unique<ProgramChannel>(config, ports);
}

}  // namespace sluice::daemon
