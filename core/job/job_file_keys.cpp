// The keys of the job file itself.

#include "core/job/job_key_tables.hpp"

#include <array>

namespace sluice::job {
namespace {

constexpr std::array kTopKeys = {
    JobKey{"name", "text", "(required)", "at most 100 characters",
           "Letters, digits, `_`, `.` and `-`; unique over all job files."},
    JobKey{"schedule", "map", "", "", "When the job runs."},
    JobKey{"rerun", "map", "", "", "What happens after a failure."},
    JobKey{"timeout", "duration", "72h", "1m .. 168h",
           "Of one attempt. One that takes longer is cancelled, what it wrote is taken back, and it is not "
           "repeated by itself."},
    JobKey{"priority", "number", "1", "1 .. 9",
           "When places are short, higher numbers run first; the original has 1, 3, 5, 7 and 8."},
    JobKey{"maxParallel", "number", "(no limit)", "1 .. 10000",
           "Instances of the job that may run at once, backfills included; windows of a stream follow each "
           "other anyway."},
    JobKey{"dependsOn", "map", "", "", "What an instance waits for."},
    JobKey{"catchUp", "map", "", "",
           "Which windows run that were missed while the daemon was down or the job was not loaded; the "
           "others become SKIPPED. What piles up behind a failure is never skipped."},
    JobKey{"alerts", "map", "(the daemon's rules)", "",
           "`off`, or a map of what differs from `alerts.rules` in sluice.yaml ([alerts.md](alerts.md))."},
    JobKey{"parameters", "map", "(none)", "", "A map `name: expression`, or one string `a=$[...] b=...`."},
    JobKey{"script", "map", "(required)", "", "The script, beside the job file or inside it."},
};

constexpr std::array kScheduleKeys = {
    JobKey{"cycle", "word", "minute", "minute, hour, day, week, month, year, cron",
           "How often the job has a slot; see [Cycles](#cycles)."},
    JobKey{"start", "time of day", "00:00", "00:00 .. 23:59", "First slot of the local day.", "minute, hour"},
    JobKey{"end", "time of day", "23:59", "00:00 .. 23:59",
           "The last slot possible, inclusive; not before `start`.", "minute, hour"},
    JobKey{"interval", "duration", "5m", "1m .. 1d",
           "From slot to slot, in whole minutes; also `300s`, `1h`.", "minute"},
    JobKey{"interval", "duration", "1h", "1h .. 1d", "From slot to slot, in whole hours.", "hour"},
    JobKey{"allowUnevenInterval", "boolean", "false", "",
           "Needed for an interval that does not divide 60 minutes.", "minute"},
    JobKey{"at", "time of day", "00:00", "00:00 .. 23:59", "The time of day.", "day, week, month, year"},
    JobKey{"on", "list", "(required)", "",
           "The days. `week`: `[mon, wed]`; `month`: `[1, 15, last]`; `year`: `[\"03-01\", \"12-31\"]`.",
           "week, month, year"},
    JobKey{"offDays", "word", "none", "dryRun, none", "`dryRun` gives the days between a dry run each.",
           "week, month, year"},
    JobKey{"cron", "text", "(required)", "", "An expression such as `\"00 30 05 * * ?\"`.", "cron"},
    JobKey{"timezone", "text", "Asia/Shanghai", "", "An IANA name."},
    JobKey{"dst", "word", "every_real_minute", "every_real_minute, dataworks",
           "What becomes of slots where the clocks change; see [Where the clocks "
           "change](#where-the-clocks-change)."},
    JobKey{"effectiveFrom", "date", "1970-01-01", "", "First local day, inclusive."},
    JobKey{"effectiveTo", "date", "9999-01-01", "", "Last local day, inclusive; not before the first."},
    JobKey{"generation", "word", "immediate", "immediate, next_day",
           "`next_day`: a new or changed job has its first instances tomorrow; what was planned for today "
           "stays."},
    JobKey{
        "from", "text", "(the first slot after the job is first seen)", "",
        "Where a new job begins, such as `2018-10-16T00:15+08:00`; an earlier time fetches what the stream "
        "still keeps. Not with `generation: next_day`."},
};

constexpr std::array kRerunKeys = {
    JobKey{"times", "number", "3", "0 .. 10", "Automatic repeats of a failed instance."},
    JobKey{"interval", "duration", "2m", "0s .. 30m", "From the end of a failed attempt to the next one."},
    JobKey{"property", "word", "always", "always, after_failure, never",
           "What may be run again, by hand or by the daemon; `after_failure`: no success. With `never` there "
           "are no automatic repeats, and an instance whose attempt was lost with the daemon waits for a "
           "person (`LOST`)."},
};

constexpr std::array kDependsOnKeys = {
    JobKey{"self", "boolean", "true", "",
           "An instance waits for the job's previous one. `false` is for jobs that read a table: streams "
           "always do."},
    JobKey{"jobs", "list", "(none)", "",
           "Jobs whose instances have to be done first: `[{job: users}, {job: rates, cycle: previous}]`; "
           "which instances that means is in [dependencies.md](dependencies.md)."},
};

constexpr std::array kUpstreamKeys = {
    JobKey{"job", "text", "(required)", "", "The name of the other job."},
    JobKey{"cycle", "word", "same", "same, previous",
           "Its instance of the same cycle, or of the one before."},
};

constexpr std::array kCatchUpKeys = {
    JobKey{"policy", "word", "all", "all, latest, none", "`latest`: the newest missed window runs."},
    JobKey{"maxAge", "duration", "(none)", "1m .. 3660d",
           "With `all`: missed windows whose slot is older are skipped, such as `3d`."},
    JobKey{"maxCount", "number", "(none)", "1 .. 1000000",
           "With `all`: at most so many of the newest missed windows run."},
};

constexpr std::string_view kDaemons = "(the daemon's)";
constexpr std::string_view kSwitch = "on or off";
constexpr std::array kAlertKeys = {
    JobKey{"channels", "list", kDaemons, "", "Names of channels of sluice.yaml that get this job's notices."},
    JobKey{"failed", "switch", kDaemons, kSwitch, "An attempt failed, and a rerun follows."},
    JobKey{"exhausted", "switch", kDaemons, kSwitch, "An instance failed, and no rerun is left."},
    JobKey{"timeout", "switch", kDaemons, kSwitch, "An attempt took longer than the job's timeout."},
    JobKey{"lost", "switch", kDaemons, kSwitch,
           "An attempt was lost, and the job may not be run again by itself."},
    JobKey{"unfinished", "time of day", kDaemons, "off or \"00:00\" .. \"47:59\"",
           "Windows of the day are not done at this local time; 24:00 and later are of the next day."},
    JobKey{"unfinishedCycles", "map", kDaemons, "1 .. 1440: \"00:00\" .. \"47:59\"",
           "The same for single cycles of the day, by number."},
    JobKey{"running", "duration", kDaemons, "off or 1m .. 365d",
           "An attempt has been running for longer than this."},
    JobKey{"lag", "duration", kDaemons, "off, auto or 1m .. 365d",
           "A window has been due for longer than this; auto: six cycles, at least 30m, at most 6h."},
    JobKey{"retention", "duration", kDaemons, "off, auto or 1m .. 365d",
           "Less is left until the stream drops what is not exported; auto: the job's retentionWarning."},
    JobKey{"blocked", "duration", kDaemons, "off or 1m .. 365d",
           "Windows wait this long behind one that only a person can let go on."},
    JobKey{"blockedCount", "number", kDaemons, "off or 1 .. 1000000", "Or so many windows wait behind it."},
    JobKey{"missing", "switch", kDaemons, kSwitch, "Slots that are past have no instance."},
    JobKey{"skipped", "switch", kDaemons, kSwitch, "Catch-up left windows out; one summary."},
    JobKey{"backfill", "switch", kDaemons, kSwitch, "Failures of backfills are told of as well."},
};

constexpr std::array kScriptKeys = {
    JobKey{"file", "text", "", "", "The script's file, relative to the job file."},
    JobKey{"inline", "map", "", "", "The script itself, instead of `file`."},
};

constexpr std::array<KeySection, 8> kJobFileSections{{{"", "", kTopKeys},
                                                      {"schedule", "", kScheduleKeys},
                                                      {"rerun", "", kRerunKeys},
                                                      {"dependsOn", "", kDependsOnKeys},
                                                      {"dependsOn.jobs[]", "", kUpstreamKeys},
                                                      {"catchUp", "", kCatchUpKeys},
                                                      {"alerts", "", kAlertKeys},
                                                      {"script", "", kScriptKeys}}};

}  // namespace

std::span<const KeySection> job_file_key_sections() { return kJobFileSections; }

}  // namespace sluice::job
