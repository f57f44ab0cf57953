#include "scheduler/alerts.hpp"

#include "core/job/civil_time.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace sluice;
using namespace sluice::scheduler;
using namespace std::chrono_literals;

namespace {

// Keeps incidents as the store would and counts what goes out.
class Watch {
 public:
  explicit Watch(const std::string& start = "2018-10-16T08:00+08:00") : now(*job::parse_local(start)) {}

  // One look; returns "opened exhausted orders@00:05, ...".
  std::string look() {
    std::string said;
    for (AlertChange& change : decide_alerts(observed, incidents, policy, now)) {
      if (change.notice) {
        if (!said.empty()) said += ", ";
        said += std::string(to_string(*change.notice)) + " " + std::string(to_string(change.incident.kind));
        ++sent[*change.notice];
      }
      keep(std::move(change.incident));
    }
    // As the store gives them back.
    std::erase_if(incidents, [&](const Incident& one) { return one.closed && one.seen < now - 24h; });
    return said;
  }

  // Looks every 15 s for so long; what was said, in order.
  std::string pass(Duration length) {
    std::string all;
    for (const Instant end = now + length; now < end;) {
      now += 15s;
      const std::string said = look();
      if (!said.empty()) all += (all.empty() ? "" : ", ") + said;
    }
    return all;
  }

  void hold(AlertKind kind, const std::string& key, const std::string& instance = "") {
    Condition condition;
    condition.kind = kind;
    condition.key = key;
    condition.facts.instance = instance;
    condition.channels = {"ops"};
    observed.conditions.push_back(condition);
  }
  void end() { observed.conditions.clear(); }

  Observation observed;
  std::vector<Incident> incidents;
  AlertPolicy policy;
  Instant now;
  std::map<NoticeEvent, int> sent;

 private:
  void keep(Incident incident) {
    if (incident.id == 0) incident.id = ++last_id_;
    for (Incident& known : incidents) {
      if (known.id == incident.id) {
        known = std::move(incident);
        return;
      }
    }
    incidents.push_back(std::move(incident));
  }
  std::int64_t last_id_ = 0;
};

}  // namespace

TEST_CASE("alerts: behaviour 15, 288 failures of a day give at most 3 notices and 1 recovery") {
  Watch watch("2018-10-16T00:00+08:00");
  for (int window = 0; window < 288; ++window) {
    watch.end();
    watch.hold(AlertKind::exhausted, "failure orders", "orders@" + std::to_string(window));
    watch.observed.conditions[0].facts.count = static_cast<std::uint64_t>(window) + 1;
    watch.pass(5min);
  }
  CHECK(watch.sent == std::map<NoticeEvent, int>{{NoticeEvent::opened, 1}, {NoticeEvent::again, 2}});
  CHECK(watch.incidents.size() == 1);
  watch.end();
  CHECK(watch.pass(24h) == "recovered exhausted");
  CHECK(watch.sent[NoticeEvent::recovered] == 1);
}

TEST_CASE("alerts: an incident is told of at once, then every interval, then no more until it ends") {
  Watch watch;
  watch.hold(AlertKind::lag, "lag orders");
  CHECK(watch.look() == "opened lag");
  CHECK(watch.pass(29min).empty());
  CHECK(watch.pass(2min) == "again lag");
  CHECK(watch.pass(31min) == "again lag");
  CHECK(watch.pass(72h).empty());
  watch.end();
  CHECK(watch.look() == "recovered lag");
  CHECK(watch.pass(1h).empty());
  CHECK(watch.incidents.empty() == false);
  CHECK(watch.incidents[0].closed);
}

TEST_CASE("alerts: a trouble that comes and goes counts as one for the interval and the day") {
  Watch watch;
  for (int turn = 0; turn < 40; ++turn) {
    watch.hold(AlertKind::exhausted, "failure orders");
    watch.pass(5min);
    watch.end();
    watch.pass(40min);
  }
  // 40 incidents in 30 hours: three notices in the first day, and those of the second.
  CHECK(watch.sent[NoticeEvent::opened] <= 6);
  CHECK(watch.sent[NoticeEvent::recovered] == watch.sent[NoticeEvent::opened]);
}

TEST_CASE("alerts: what recovers within the interval and returns stays the same incident, without a notice") {
  Watch watch;
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.look() == "opened exhausted");
  watch.end();
  CHECK(watch.pass(1min) == "recovered exhausted");
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.pass(10min).empty());
  CHECK(watch.incidents.size() == 1);
  CHECK_FALSE(watch.incidents[0].recovered);
  watch.end();
  CHECK(watch.pass(1min).empty());  // nobody was told that it had returned
}

TEST_CASE("alerts: in the silence nothing is sent; what still holds at its end is sent then") {
  Watch watch("2018-10-16T23:30+08:00");
  watch.policy.silence = Silence{23h, 7h, "Asia/Shanghai"};
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.pass(7h + 29min).empty());
  CHECK(watch.pass(2min) == "opened exhausted");
}

TEST_CASE("alerts: what recovers during the silence is never told of") {
  Watch watch("2018-10-16T23:30+08:00");
  watch.policy.silence = Silence{23h, 7h, "Asia/Shanghai"};
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.pass(3h).empty());
  watch.end();
  CHECK(watch.pass(12h).empty());
}

TEST_CASE("alerts: the end of what was told of before the silence is told of after it") {
  Watch watch("2018-10-16T22:55+08:00");
  watch.policy.silence = Silence{23h, 7h, "Asia/Shanghai"};
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.look() == "opened exhausted");
  CHECK(watch.pass(2h).empty());
  watch.end();
  CHECK(watch.pass(6h).empty());
  CHECK(watch.pass(10min) == "recovered exhausted");
}

TEST_CASE("alerts: the hours of silence pass midnight or not, in the zone they are given in") {
  const auto at = [](const std::string& clock) {
    return *job::parse_local("2018-10-16T" + clock + "+08:00");
  };
  const Silence night{23h, 7h, "Asia/Shanghai"};
  CHECK(night.covers(at("23:00")));
  CHECK(night.covers(at("06:59")));
  CHECK_FALSE(night.covers(at("07:00")));
  CHECK_FALSE(night.covers(at("22:59")));
  const Silence noon{12h, 13h, "Asia/Shanghai"};
  CHECK(noon.covers(at("12:30")));
  CHECK_FALSE(noon.covers(at("13:00")));
  CHECK_FALSE(Silence().covers(at("00:00")));
  CHECK(Silence{4h, 5h, "UTC"}.covers(at("12:30")));
}

TEST_CASE("alerts: an operator's acknowledgement stops the notices, not the recovery") {
  Watch watch;
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.look() == "opened exhausted");
  watch.incidents[0].acknowledged = watch.now;
  CHECK(watch.pass(5h).empty());
  watch.end();
  CHECK(watch.look() == "recovered exhausted");
}

TEST_CASE("alerts: an acknowledgement ends with its incident; what returns is told of again") {
  Watch watch;
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.look() == "opened exhausted");
  watch.incidents[0].acknowledged = watch.now;
  watch.incidents[0].acknowledged_by = "uid 7";
  watch.end();
  CHECK(watch.look() == "recovered exhausted");
  CHECK(watch.pass(10min).empty());
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.pass(19min).empty());  // the interval is not over
  REQUIRE(watch.incidents.size() == 1);
  CHECK_FALSE(watch.incidents[0].acknowledged);
  CHECK(watch.incidents[0].acknowledged_by.empty());
  CHECK(watch.pass(2min) == "again exhausted");
}

TEST_CASE(
    "alerts: a failure with reruns left that runs out of them is told of again at once, as the same "
    "incident") {
  Watch watch;
  watch.hold(AlertKind::failed, "failure orders", "orders@00:05");
  CHECK(watch.look() == "opened failed");
  watch.pass(4min);
  watch.end();
  watch.hold(AlertKind::exhausted, "failure orders", "orders@00:05");
  CHECK(watch.pass(15s) == "worse exhausted");
  CHECK(watch.pass(29min).empty());
  CHECK(watch.incidents.size() == 1);
}

TEST_CASE("alerts: what is being rerun, or is part of another trouble, is neither repeated nor over") {
  Watch watch;
  watch.hold(AlertKind::exhausted, "failure orders");
  CHECK(watch.look() == "opened exhausted");
  watch.end();
  watch.observed.unresolved = {"failure orders"};
  CHECK(watch.pass(2h).empty());
  watch.observed.unresolved.clear();
  CHECK(watch.look() == "recovered exhausted");
}

TEST_CASE("alerts: incidents of a job that is not watched any more end without a word") {
  Watch watch;
  watch.hold(AlertKind::lag, "lag orders");
  watch.look();
  watch.end();
  watch.observed.unwatched = {"lag orders"};
  CHECK(watch.look().empty());
  CHECK(watch.incidents[0].closed);
}

TEST_CASE("alerts: an event is told of once and closed; the next within the interval waits") {
  Watch watch;
  const auto happen = [&] {
    watch.hold(AlertKind::restart, "restart");
    watch.observed.conditions[0].event = true;
    std::string said = watch.look();
    watch.end();
    return said;
  };
  CHECK(happen() == "opened restart");
  CHECK(watch.incidents[0].closed);
  CHECK(watch.pass(5min).empty());
  CHECK(happen().empty());
  CHECK(watch.pass(24min).empty());
  CHECK(watch.pass(2min) == "opened restart");
  CHECK(watch.incidents.size() == 1);
  CHECK(watch.pass(5h).empty());
}

TEST_CASE("alerts: an event in the silence is told of at its end") {
  Watch watch("2018-10-16T02:00+08:00");
  watch.policy.silence = Silence{23h, 7h, "Asia/Shanghai"};
  watch.hold(AlertKind::restart, "restart");
  watch.observed.conditions[0].event = true;
  CHECK(watch.look().empty());
  watch.end();
  CHECK(watch.pass(5h + 1min) == "opened restart");
}

TEST_CASE("alerts: recoveries are not told of when nobody wants them") {
  Watch watch;
  watch.policy.recovery = false;
  watch.hold(AlertKind::lag, "lag orders");
  watch.look();
  watch.end();
  CHECK(watch.pass(1h).empty());
  CHECK(watch.incidents[0].closed);
}

TEST_CASE("alerts: names of kinds and events are read back") {
  for (int kind = 0; kind <= static_cast<int>(AlertKind::channel); ++kind)
    CHECK(alert_kind_from_string(to_string(static_cast<AlertKind>(kind))) == static_cast<AlertKind>(kind));
  for (int event = 0; event <= static_cast<int>(NoticeEvent::test); ++event)
    CHECK(notice_event_from_string(to_string(static_cast<NoticeEvent>(event))) ==
          static_cast<NoticeEvent>(event));
  CHECK_FALSE(alert_kind_from_string("nothing"));
}

TEST_CASE("alerts: what was told while the clock was ahead keeps nobody from being told now") {
  Watch watch("2028-10-16T08:00+08:00");
  watch.policy.per_day = 2;
  watch.hold(AlertKind::lag, "lag orders");
  CHECK(watch.pass(3h) == "opened lag, again lag");
  watch.end();
  CHECK(watch.pass(1h) == "recovered lag");
  watch.now = *job::parse_local("2018-10-16T08:00+08:00");  // the clock is set right
  watch.hold(AlertKind::lag, "lag orders");
  CHECK(watch.pass(3h) == "opened lag, again lag");
  watch.end();
  CHECK(watch.pass(1h) == "recovered lag");
}
