#include "daemon/cli/completion.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

enum class ValueKind { other, file, directory, job };

ValueKind kind_of(std::string_view value) {
  if (value == "FILE" || value == "PATH" || value == "JOBFILE") return ValueKind::file;
  if (value == "DIR") return ValueKind::directory;
  return value == "JOB" ? ValueKind::job : ValueKind::other;
}

// A positional is known by its name, an option by its value.
ValueKind kind_of_positional(const DeclaredOption& positional) { return kind_of(positional.names.front()); }

std::string with_spaces(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string all_names(const DeclaredCommand& command) {
  std::vector<std::string> names;
  for (const DeclaredOption& option : command.options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return with_spaces(names);
}

std::string sub_names(const DeclaredCommand& command) {
  std::vector<std::string> names;
  for (const DeclaredCommand& sub : command.commands) names.push_back(sub.name);
  return with_spaces(names);
}

// In single quotes, for each of the shells.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// Calls `each(path, command)` for the command and all below it; the path of the root is "".
template <typename Each>
void walk(const DeclaredCommand& command, const std::string& path, const Each& each) {
  each(path, command);
  for (const DeclaredCommand& sub : command.commands)
    walk(sub, path.empty() ? sub.name : path + " " + sub.name, each);
}

std::string bash_values(const DeclaredOption& option) {
  if (!option.choices.empty()) return fmt::format("words={}", in_quotes(with_spaces(option.choices)));
  switch (kind_of(option.value)) {
    case ValueKind::file:
      return "files=f";
    case ValueKind::directory:
      return "files=d";
    case ValueKind::job:
      return "words=$(sluice completion jobs 2>/dev/null)";
    case ValueKind::other:
      break;
  }
  return ":";
}

std::string bash_words(const DeclaredCommand& command) {
  std::string out = fmt::format("words={}", in_quotes(sub_names(command)));
  for (const DeclaredOption& positional : command.positionals) {
    const ValueKind kind = kind_of_positional(positional);
    if (kind == ValueKind::file) out += "; files=f";
    if (kind == ValueKind::job) out += "; words+=\" $(sluice completion jobs 2>/dev/null)\"";
    if (!positional.choices.empty())
      out += fmt::format("; words+={}", in_quotes(" " + with_spaces(positional.choices)));
  }
  return out;
}

// zsh's _arguments and _describe read ':' and brackets in what they are given.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(ValueKind kind, const std::vector<std::string>& choices) {
  if (!choices.empty()) return fmt::format("({})", with_spaces(choices));
  switch (kind) {
    case ValueKind::file:
      return "_files";
    case ValueKind::directory:
      return "_files -/";
    case ValueKind::job:
      return "_sluice_jobs";
    case ValueKind::other:
      break;
  }
  return " ";
}

void zsh_options(const DeclaredCommand& command, std::string& out) {
  for (const DeclaredOption& option : command.options) {
    const std::string again = option.names.size() > 1 ? fmt::format("({})", with_spaces(option.names)) : "";
    for (const std::string& name : option.names) {
      std::string spec = fmt::format("{}{}[{}]", again, name, zsh_text(option.help));
      if (!option.value.empty())
        spec +=
            fmt::format(":{}:{}", zsh_text(option.value), zsh_action(kind_of(option.value), option.choices));
      out += fmt::format(" \\\n    {}", in_quotes(spec));
    }
  }
}

void zsh_function(const std::string& path, const DeclaredCommand& command, std::string& out) {
  std::string name = "_sluice" + (path.empty() ? "" : "_" + path);
  std::replace(name.begin(), name.end(), ' ', '_');
  out += fmt::format(
      "{}() {{\n  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C", name);
  zsh_options(command, out);
  if (command.commands.empty()) {
    for (const DeclaredOption& positional : command.positionals) {
      const std::string spec =
          fmt::format("{}:{}:{}", positional.repeats ? "*" : "", positional.names.front(),
                      zsh_action(kind_of_positional(positional), positional.choices));
      out += fmt::format(" \\\n    {}", in_quotes(spec));
    }
    out += "\n}\n";
    return;
  }
  out +=
      " \\\n    '1: :->command' \\\n    '*:: :->rest'\n  case $state in\n    command)\n      local -a "
      "commands\n      commands=(";
  for (const DeclaredCommand& sub : command.commands)
    out += fmt::format("\n        {}", in_quotes(zsh_text(sub.name) + ":" + zsh_text(sub.help)));
  out += "\n      )\n      _describe command commands\n";
  for (const DeclaredOption& positional : command.positionals) {
    if (kind_of_positional(positional) == ValueKind::job) out += "      _sluice_jobs\n";
  }
  out += "      ;;\n    rest)\n      case $line[1] in\n";
  for (const DeclaredCommand& sub : command.commands)
    out += fmt::format("        {}) {}_{} ;;\n", sub.name, name, sub.name);
  out += "      esac\n      ;;\n  esac\n}\n";
}

void fish_options(const std::string& path, const DeclaredCommand& command, std::string& out) {
  const std::string begin =
      fmt::format("complete -c sluice -n {}", in_quotes("__sluice_at " + in_quotes(path)));
  for (const DeclaredCommand& sub : command.commands)
    out += fmt::format("{} -a {} -d {}\n", begin, sub.name, in_quotes(sub.help));
  for (const DeclaredOption& positional : command.positionals) {
    const ValueKind kind = kind_of_positional(positional);
    if (kind == ValueKind::file) out += begin + " -F\n";
    if (kind == ValueKind::job) out += begin + " -a '(sluice completion jobs 2>/dev/null)'\n";
    if (!positional.choices.empty())
      out += fmt::format("{} -a {}\n", begin, in_quotes(with_spaces(positional.choices)));
  }
  for (const DeclaredOption& option : command.options) {
    out += begin;
    for (const std::string& name : option.names)
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    out += " -d " + in_quotes(option.help);
    const ValueKind kind = kind_of(option.value);
    if (!option.choices.empty()) {
      out += fmt::format(" -x -a {}", in_quotes(with_spaces(option.choices)));
    } else if (kind == ValueKind::file || kind == ValueKind::directory) {
      out += " -r -F";
    } else if (kind == ValueKind::job) {
      out += " -x -a '(sluice completion jobs 2>/dev/null)'";
    } else if (!option.value.empty()) {
      out += " -x";
    }
    out += '\n';
  }
}

}  // namespace

std::string bash_completion(const DeclaredCommand& root) {
  std::string commands;
  std::string values;
  std::string words;
  walk(root, "", [&](const std::string& path, const DeclaredCommand& command) {
    if (!path.empty()) commands += fmt::format("      {}) path={} ;;\n", in_quotes(path), in_quotes(path));
    for (const DeclaredOption& option : command.options) {
      if (option.value.empty()) continue;
      for (const std::string& name : option.names)
        values +=
            fmt::format("    {}) {} ;;\n", in_quotes(fmt::format("{}:{}", path, name)), bash_values(option));
    }
    words += fmt::format("      {}) options={}; {} ;;\n", in_quotes(path), in_quotes(all_names(command)),
                         bash_words(command));
  });
  return fmt::format(R"(# bash completion of sluice, made by: sluice completion bash
_sluice() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local path='' options='' words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{path:+$path }}${{COMP_WORDS[i]}}" in
{}    esac
  done
  case "$path:$previous" in
{}    *)
      case "$path" in
{}      esac
      [[ $current == -* ]] && words=$options files=''
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen ${{files:+-A $([ "$files" = d ] && echo directory || echo file)}} -W "$words" -- "$current")
  [[ -n $files ]] && compopt -o filenames
  return 0
}}
complete -F _sluice sluice
)",
                     commands, values, words);
}

std::string zsh_completion(const DeclaredCommand& root) {
  std::string out =
      "#compdef sluice\n"
      "# zsh completion of sluice, made by: sluice completion zsh\n"
      "_sluice_jobs() {\n"
      "  local -a jobs\n"
      "  jobs=(${(f)\"$(sluice completion jobs 2>/dev/null)\"})\n"
      "  _describe job jobs\n"
      "}\n";
  walk(root, "",
       [&](const std::string& path, const DeclaredCommand& command) { zsh_function(path, command, out); });
  return out + "if [ \"$funcstack[1]\" = _sluice ]; then _sluice \"$@\"; else compdef _sluice sluice; fi\n";
}

std::string fish_completion(const DeclaredCommand& root) {
  std::string paths;
  std::string rest;
  walk(root, "", [&](const std::string& path, const DeclaredCommand& command) {
    if (!path.empty()) paths += fmt::format(" {}", in_quotes(path));
    fish_options(path, command, rest);
  });
  return fmt::format(R"(# fish completion of sluice, made by: sluice completion fish
# Whether the words so far name exactly this command.
function __sluice_at
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l longer (string trim -- "$path $word")
    contains -- $longer{} && set path $longer
  end
  test "$path" = "$argv[1]"
end
complete -c sluice -f
{})",
                     paths, rest);
}

}  // namespace sluice::daemon
