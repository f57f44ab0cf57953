#include "daemon/config/import_files.hpp"

#include "core/localfile/descriptor.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <sys/stat.h>

namespace sluice::daemon {
namespace {

using localfile::Descriptor;
using localfile::FileSystem;

// New files get mode 0640, whatever the user's mask would give.
class FileMask {
 public:
  FileMask() : before_(::umask(0137)) {}
  ~FileMask() { ::umask(before_); }
  FileMask(const FileMask&) = delete;
  FileMask& operator=(const FileMask&) = delete;

 private:
  mode_t before_;
};

class ImportFolder {
 public:
  ImportFolder(FileSystem& system, std::string dir, int folder)
      : system_(system), dir_(std::move(dir)), folder_(folder) {}

  // Takes back what is not committed.
  ~ImportFolder() {
    if (committed_) return;
    for (const Step& step : steps_) undo(step);
  }
  ImportFolder(const ImportFolder&) = delete;
  ImportFolder& operator=(const ImportFolder&) = delete;

  // Nothing when there is no such file.
  Result<std::optional<std::string>> content(const std::string& name, std::size_t limit) {
    const int opened = system_.open(folder_, name, FileSystem::Open::read);
    if (opened == -ENOENT) return std::optional<std::string>();
    if (opened < 0) return failed("read", name, opened);
    const Descriptor file(system_, opened);
    std::string all;
    while (all.size() <= limit) {
      std::string part(limit + 1 - all.size(), '\0');
      const std::int64_t got = system_.read(file.get(), part, all.size());
      if (got < 0) return failed("read", name, static_cast<int>(got));
      if (got == 0) break;
      all.append(part, 0, static_cast<std::size_t>(got));
    }
    return std::optional(std::move(all));
  }

  // Complete, under a name of its own.
  Result<void> prepare(const job::ImportedFile& file, bool replaces) {
    steps_.push_back(Step{file.name, replaces});
    Step& step = steps_.back();
    const int opened = system_.open(folder_, step.fresh(), FileSystem::Open::make);
    if (opened < 0) return failed("write", step.fresh(), opened);
    step.prepared = true;
    Descriptor made(system_, opened);
    if (const int given = give_owner(opened, step); given < 0) return failed("write", file.name, given);
    for (std::uint64_t at = 0; at < file.content.size();) {
      const std::int64_t written = system_.write(opened, std::string_view(file.content).substr(at), at);
      if (written < 0) return failed("write", file.name, static_cast<int>(written));
      at += static_cast<std::uint64_t>(written);
    }
    if (const int synced = system_.sync(opened); synced < 0) return failed("write", file.name, synced);
    if (const int closed = made.close(); closed < 0) return failed("write", file.name, closed);
    return {};
  }

  Result<void> commit() {
    for (Step& step : steps_) {
      if (step.replaces) {
        const int moved = system_.rename(folder_, step.name, step.old(), false);
        if (moved < 0) return failed("replace", step.name, moved);
        step.moved = true;
      }
      const int shown = system_.rename(folder_, step.fresh(), step.name, true);
      if (shown < 0) return failed("write", step.name, shown);
      step.shown = true;
    }
    if (const int synced = system_.sync(folder_); synced < 0) return failed("write into", "", synced);
    committed_ = true;
    for (const Step& step : steps_) {
      if (step.moved) system_.remove(folder_, step.old());
    }
    return {};
  }

 private:
  struct Step {
    std::string name;
    bool replaces = false;
    bool prepared = false;
    bool moved = false;
    bool shown = false;
    std::string fresh() const { return "." + name + ".import-new"; }
    std::string old() const { return "." + name + ".import-old"; }
  };

  // Those who read the folder must be able to read the file: root writes into jobs.d, which is the daemon's
  // group's.
  int give_owner(int file, const Step& step) {
    if (!step.replaces) return system_.take_owner(file, folder_, false);
    const int opened = system_.open(folder_, step.name, FileSystem::Open::read);
    if (opened < 0) return opened;
    const Descriptor before(system_, opened);
    return system_.take_owner(file, opened, true);
  }

  void undo(const Step& step) {
    if (step.shown) system_.remove(folder_, step.name);
    if (step.moved) system_.rename(folder_, step.old(), step.name, false);
    if (step.prepared && !step.shown) system_.remove(folder_, step.fresh());
  }

  Error failed(std::string_view verb, const std::string& name, int outcome) const {
    return from_errno(-outcome, fmt::format("{} {}/{}", verb, dir_, name));
  }

  FileSystem& system_;
  std::string dir_;
  int folder_;
  std::vector<Step> steps_;
  bool committed_ = false;
};

}  // namespace

Result<void> write_import(FileSystem& system, const std::string& dir,
                          const std::vector<job::ImportedFile>& files, bool force) {
  const FileMask mask;
  const int opened = system.open(-1, dir, FileSystem::Open::root);
  if (opened < 0) return from_errno(-opened, fmt::format("open folder {}", dir));
  const Descriptor folder(system, opened);
  ImportFolder import(system, dir, folder.get());
  for (const job::ImportedFile& file : files) {
    const auto present = import.content(file.name, file.content.size());
    if (!present) return present.error();
    if (*present && **present == file.content) continue;
    if (*present && !force) {
      return Error(
          Errc::refused_by_state,
          fmt::format("write {}/{}: it is there with other content; take another --name or --out, or give "
                      "--force",
                      dir, file.name));
    }
    const auto prepared = import.prepare(file, present->has_value());
    if (!prepared) return prepared.error();
  }
  return import.commit();
}

}  // namespace sluice::daemon
