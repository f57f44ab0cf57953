#include "daemon/cli/manual.hpp"

#include "daemon/cli/key_tables.hpp"
#include "daemon/config/config.hpp"

#include <fmt/format.h>

#include <sstream>

namespace sluice::daemon {
namespace {

// Text as roff shows it: no line of it is a request, and hyphens can be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\(rs";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += "\\&";
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string head(std::string_view name, int section) {
  return fmt::format(".TH {} {} \"\" \"sluice {}\" \"Sluice\"\n", roff(name), section, SLUICE_VERSION);
}

std::string name_section(std::string_view name, std::string_view what) {
  return fmt::format(".SH NAME\n{} \\- {}\n", roff(name), roff(what));
}

std::string example_block(std::string_view lines) {
  return fmt::format(".PP\n.RS 4\n.nf\n{}.fi\n.RE\n", roff(lines));
}

std::string usage_of(const std::string& path, const DeclaredCommand& command) {
  std::string out = path;
  if (!command.options.empty()) out += " [OPTIONS]";
  for (const DeclaredOption& one : command.positionals) {
    const std::string text = one.names.front() + (one.repeats ? "..." : "");
    out += one.required ? " " + text : " [" + text + "]";
  }
  return out;
}

void option_entry(const DeclaredOption& option, std::string& out) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", roff(option.value));
  std::string help = option.help;
  if (!option.choices.empty() && help.find(option.choices.front()) == std::string::npos)
    help += fmt::format(" ({})", fmt::join(option.choices, ", "));
  if (option.required) help += ". Required";
  out += fmt::format(".TP\n{}\n{}\n", names, roff(help + "."));
}

void command_section(const std::string& path, const DeclaredCommand& command, std::string& out) {
  out += fmt::format(".SS \"{}\"\n{}.\n", roff(usage_of(path, command)), roff(command.help));
  for (const DeclaredOption& one : command.positionals) option_entry(one, out);
  for (const DeclaredOption& one : command.options) option_entry(one, out);
  if (!command.example.empty()) out += example_block(command.example);
  for (const DeclaredCommand& sub : command.commands) command_section(path + " " + sub.name, sub, out);
}

constexpr std::string_view kLastSections = R"(.SH EXIT STATUS
.TP
0
done
.TP
1
failed
.TP
2
bad usage, or an invalid file
.TP
3
not found
.TP
4
the daemon cannot be reached
.TP
5
refused by the present state
.TP
6
gap in the stream
.TP
7
the state file is damaged
.TP
130, 143
stopped by SIGINT, SIGTERM
.SH ENVIRONMENT
.TP
.B SLUICE_SOCKET
The daemon's Unix socket, where neither \fB\-\-socket\fR nor \fB\-\-config\fR is given.
.TP
.B NO_COLOR
Not empty: no colour, also on a terminal.
.TP
.BR https_proxy ", " http_proxy ", " no_proxy
HTTP proxy for requests to the services, where sluice.yaml names none.
.SH FILES
.TP
.I /etc/sluice/sluice.yaml
The daemon's settings.
.TP
.I /etc/sluice/jobs.d
The job files.
.TP
.I /var/lib/sluice/sluice.db
Positions, instances and history.
.TP
.I /var/log/sluice
Logs of the attempts, one file each.
.SH SEE ALSO
.BR sluice.yaml (5),
.BR sluice\-job (5)
)";

std::string_view default_of(const job::JobKey& key) {
  if (key.fallback.starts_with('(')) return key.fallback.substr(1, key.fallback.size() - 2);
  return key.fallback;
}

void job_key_entry(const job::KeySection& section, const job::JobKey& key, std::string& out) {
  std::string about(key.type);
  if (!key.fallback.empty()) about += fmt::format(", default {}", default_of(key));
  if (default_of(key) == "required") about = fmt::format("{}, required", key.type);
  std::string help = without_markup(key.help);
  if (!key.where.empty()) help = fmt::format("With {}: {}", key.where, help);
  if (!key.limits.empty()) help += fmt::format(" Allowed: {}.", key.limits);
  if (!key.alias.empty()) help += fmt::format(" Also written {}.", key.alias);
  out += fmt::format(".TP\n\\fB{}\\fR ({})\n{}\n", roff(shown_key(section, key)), roff(about), roff(help));
}

void job_keys_section(const job::KeySection& section, std::string& out) {
  const std::string name(section.path.empty() ? "the job file" : section.path);
  out += fmt::format(".SS \"{}{}\"\n", roff(name),
                     section.title.empty() ? "" : fmt::format(" ({})", section.title));
  std::string ignored;
  for (const job::JobKey& key : section.keys) {
    if (key.use == job::KeyUse::effective) job_key_entry(section, key, out);
    if (key.use != job::KeyUse::effective) ignored += (ignored.empty() ? "" : ", ") + std::string(key.name);
  }
  if (!ignored.empty()) out += fmt::format(".PP\nWithout effect, or refused: {}.\n", roff(ignored));
}

}  // namespace

std::string command_page(const DeclaredCommand& root) {
  std::string out = head("SLUICE", 1) + name_section("sluice", "export Table Store change streams into OSS");
  out += ".SH SYNOPSIS\n.B sluice\n.I COMMAND\n[\\fIOPTIONS\\fR]\n";
  out += fmt::format(
      ".SH DESCRIPTION\n{}\n.PP\nWhat prints something takes\n.B \\-\\-output json\nfor "
      "programs; errors go to standard error.\n.SH OPTIONS\n",
      roff(root.help));
  for (const DeclaredOption& one : root.options) option_entry(one, out);
  out += ".SH COMMANDS\n";
  for (const DeclaredCommand& command : root.commands)
    command_section("sluice " + command.name, command, out);
  return out.append(kLastSections);
}

std::string config_page(std::span<const ConfigKey> keys) {
  std::string out = head("SLUICE.YAML", 5) + name_section("sluice.yaml", "settings of the sluice daemon");
  out +=
      ".SH DESCRIPTION\nYAML, by default in\n.IR /etc/sluice/sluice.yaml .\nUnknown and duplicate keys are "
      "errors;\n.B sluice check\nreports all of them with their place. A dot in a key stands for a map "
      "within a "
      "map. Every key may be left out.\n.SH KEYS\n";
  for (const ConfigKey& key : keys) {
    const std::string limits = key.limits.empty() ? "" : fmt::format(" Allowed: {}.", key.limits);
    out += fmt::format(".TP\n\\fB{}\\fR (\\fI{}\\fR, default {})\n{}\n", roff(key.path), roff(key.type),
                       roff(key.fallback), roff(without_markup(key.help) + limits));
  }
  return out + ".SH SEE ALSO\n.BR sluice (1),\n.BR sluice\\-job (5)\n";
}

std::string job_page(std::string_view example) {
  std::string out = head("SLUICE-JOB", 5) + name_section("sluice-job", "job files of the sluice daemon");
  out +=
      ".SH DESCRIPTION\nA job file is YAML and holds one job: its schedule, its parameters and its script. "
      "The "
      "daemon reads every\n.I *.yaml\nin the folder\n.BR jobsDir .\nUnknown and duplicate keys are "
      "errors;\n.B sluice check\nreports all of them with their place, and\n.B sluice plan\nshows what a "
      "file "
      "comes to.\n.PP\nSchedules, expressions and script forms are explained in\n.IR "
      "/usr/share/doc/sluice/job\\-files.md .\n.SH KEYS\nA dot in a key stands for a map within a map, and "
      "[] "
      "for each map of a list.\n";
  for (const job::KeySection& section : job::job_key_sections()) job_keys_section(section, out);
  return out + ".SH EXAMPLE\n" + example_block(example) +
         ".SH SEE ALSO\n.BR sluice (1),\n.BR sluice.yaml (5)\n";
}

}  // namespace sluice::daemon
