#include "daemon/doctor/doctor.hpp"

#include "daemon/base/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

constexpr std::uint64_t kLeastFreeBytes = 64ULL << 20;
constexpr std::uint64_t kLittleFreeBytes = 1ULL << 30;
constexpr std::chrono::minutes kRefusedAhead{15};
constexpr std::chrono::seconds kDriftAhead{30};
constexpr std::chrono::hours kShortRetention{24};

Finding well(std::string check, std::string subject, std::string said) {
  return Finding{std::move(check), std::move(subject), Health::good, std::move(said), ""};
}

std::string hours_text(std::chrono::hours hours) { return fmt::format("{} hours", hours.count()); }

// What helps against an error of a service. `right`: what the key must be allowed to do.
std::string advice_for(Errc code, std::string_view what, std::string_view right) {
  switch (code) {
    case Errc::unauthenticated:
      return "check accessId and accessKey of the data source, and that the key is enabled";
    case Errc::permission_denied:
      return fmt::format("allow the key {}", right);
    case Errc::not_found:
      return fmt::format("check the name and the endpoint of the {}; it does not exist there", what);
    case Errc::unavailable:
    case Errc::timeout:
      return "check the endpoint, the network and `proxy`";
    default:
      return "see what is said";
  }
}

// Who runs doctor by hand may be anybody: given to him, the folder would be closed to the daemon.
std::string advice_for_owner(const FolderFacts& facts) {
  if (facts.daemon.empty()) {
    return fmt::format("it belongs to {}: run doctor as the daemon's user; if that is {}: chown -R {} {}",
                       facts.owner, facts.user, facts.user, facts.path);
  }
  if (facts.user != facts.daemon)
    return fmt::format("{} is not the daemon's user: sudo -u {} sluice doctor", facts.user, facts.daemon);
  return fmt::format("give it to the daemon: chown -R {} {}", facts.daemon, facts.path);
}

std::string free_text(const FolderFacts& facts) {
  return fmt::format("{} free of {}", bytes_text(static_cast<double>(facts.free_bytes)),
                     bytes_text(static_cast<double>(facts.total_bytes)));
}

}  // namespace

std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::good:
      return "good";
    case Health::warning:
      return "warning";
    case Health::bad:
      return "bad";
  }
  return "";
}

Finding judge_configuration(const std::string& subject, const std::vector<job::Problem>& problems,
                            std::size_t jobs) {
  Finding finding = well("configuration", subject, fmt::format("{} jobs, no problems", jobs));
  if (problems.empty()) return finding;
  const auto error = std::find_if(problems.begin(), problems.end(), [](const job::Problem& problem) {
    return problem.severity == job::Severity::error;
  });
  const bool broken = error != problems.end();
  finding.health = broken ? Health::bad : Health::warning;
  finding.said = job::to_string(broken ? *error : problems.front());
  if (problems.size() > 1) finding.said += fmt::format(", and {} more", problems.size() - 1);
  finding.advice = "`sluice check` lists all of them";
  return finding;
}

Finding judge_rights(const FolderFacts& facts) {
  Finding finding = well("rights", facts.path, "the daemon can write there");
  if (!facts.exists) {
    finding.health = Health::bad;
    finding.said = "there is no such folder";
    finding.advice =
        facts.daemon.empty()
            ? fmt::format("make it for the daemon's user: install -d -o USER -m 0750 {}", facts.path)
            : fmt::format("make it: install -d -o {} -m 0750 {}", facts.daemon, facts.path);
  } else if (!facts.writable) {
    finding.health = Health::bad;
    finding.said = "it cannot be written";
    finding.advice = advice_for_owner(facts);
  } else if (facts.open_to_all) {
    finding.health = Health::warning;
    finding.said = "every user may write there";
    finding.advice = fmt::format("chmod 0750 {}", facts.path);
  }
  return finding;
}

Finding judge_space(const FolderFacts& facts) {
  Finding finding = well("disk", facts.path, free_text(facts));
  if (facts.free_bytes < kLeastFreeBytes) {
    finding.health = Health::bad;
  } else if (facts.free_bytes < kLittleFreeBytes || facts.free_bytes < facts.total_bytes / 20) {
    finding.health = Health::warning;
  }
  if (finding.health != Health::good) finding.advice = "make room: without it no window can be committed";
  return finding;
}

Finding judge_socket(const SocketFacts& facts) {
  Finding finding = well("socket", facts.path, "the daemon answers");
  if (!facts.exists) {
    finding.health = Health::warning;
    finding.said = "it is not there: the daemon does not run";
    finding.advice = "systemctl start sluice, or sluice daemon --config FILE";
  } else if (facts.open_to_all) {
    finding.health = Health::bad;
    finding.said = "every user may control the daemon through it";
    finding.advice = fmt::format("chmod 0660 {}", facts.path);
  } else if (!facts.failure.empty()) {
    finding.health = Health::bad;
    finding.said = facts.failure;
    finding.advice = "systemctl status sluice; only members of the socket's group may connect";
  }
  return finding;
}

Finding judge_endpoint(const std::string& endpoint, const Result<void>& answer) {
  if (answer) return well("endpoint", endpoint, "it can be reached");
  Finding finding{"endpoint", endpoint, Health::bad, answer.error().message(), ""};
  finding.advice = answer.error().code() == Errc::permission_denied
                       ? "its certificate, or the proxy, is refused: see `tls.caFile` and `proxy`"
                       : "check the endpoint, the network and `proxy`";
  return finding;
}

Finding judge_clock(const std::string& endpoint, Duration ahead) {
  const double seconds = std::chrono::duration<double>(ahead).count();
  const Duration off = ahead < Duration(0) ? -ahead : ahead;
  Finding finding = well("clock", endpoint, fmt::format("{:+.0f} s against the server's", seconds));
  if (off >= kRefusedAhead) {
    finding.health = Health::bad;
    finding.advice = "set the clock, and keep it set: systemctl enable --now systemd-timesyncd";
  } else if (off >= kDriftAhead) {
    finding.health = Health::warning;
    finding.advice = "let it be kept: systemctl enable --now systemd-timesyncd";
  }
  return finding;
}

Finding judge_table(const std::string& job, const Result<tablestore::TableDescription>& described) {
  if (described)
    return well("table", job, fmt::format("table {} is there, the key is accepted", described->name));
  const Error& error = described.error();
  return Finding{"table", job, Health::bad, error.message(),
                 advice_for(error.code(), "table", "ots:DescribeTable and the stream's reads")};
}

Finding judge_opening(const std::string& check, const std::string& job, const Error& error) {
  const bool file =
      error.code() == Errc::not_found || error.code() == Errc::permission_denied || error.code() == Errc::io;
  const std::string_view cure =
      file ? "put that file there, readable for the daemon's user, or name another one"
           : "put right what is said";
  return Finding{check, job, Health::bad, error.message(),
                 fmt::format("{}; the {} was not asked", cure, check)};
}

Finding judge_stream(const std::string& job, const tablestore::TableStream& stream) {
  Finding finding = well("stream", job, fmt::format("on, keeps {}", hours_text(stream.retention)));
  if (!stream.enabled) {
    finding.health = Health::bad;
    finding.said = "the table's stream is off";
    finding.advice = "switch it on, with a retention of days: changes made before are not in it";
  } else if (stream.retention < kShortRetention) {
    finding.health = Health::warning;
    finding.advice = "keep at least a day: what is not exported by then is lost";
  }
  return finding;
}

Finding judge_target(const std::string& job, const std::string& place, bool wrote,
                     const Result<void>& looked) {
  if (looked) {
    return well(
        "target", job,
        fmt::format("{} {}", place, wrote ? "can be written" : "can be reached; --write tries to write"));
  }
  const Error& error = looked.error();
  return Finding{"target", job, Health::bad, error.message(),
                 advice_for(error.code(), "bucket", "to put, list and abort uploads below the job's object")};
}

Finding judge_sqlite(const std::string& version) {
  return well(
      "version", "SQLite",
      version + (version == "3.40.1" ? ", whose fault with two connections cannot show: there is one" : ""));
}

Finding judge_systemd(const std::string& version_text) {
  Finding finding = well("version", "systemd", "");
  const auto digits = version_text.find_first_of("0123456789");
  int number = 0;
  if (digits != std::string::npos)
    std::from_chars(version_text.data() + digits, version_text.data() + version_text.size(), number);
  if (number == 0) {
    finding.said = "none here: something else must start the daemon again";
  } else {
    finding.said = std::to_string(number);
    if (number < 247) {
      finding.health = Health::warning;
      finding.advice = "LoadCredential= needs 247: keep keys in files or the environment";
    }
  }
  return finding;
}

}  // namespace sluice::daemon
