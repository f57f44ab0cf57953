#include "core/stream/row_output.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace sluice::stream {
namespace {

class DescriptorOutput final : public RowOutput {
 public:
  explicit DescriptorOutput(int descriptor) : descriptor_(descriptor) {}

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {
        // Whoever shares the terminal or the pipe has set it so.
        pollfd waiting{descriptor_, POLLOUT, 0};
        ::poll(&waiting, 1, -1);
      } else if (errno == EPIPE) {
        return Error(Errc::unavailable, "print rows: nobody reads standard output any more");
      } else if (errno != EINTR) {
        return from_errno(errno, "print rows to standard output");
      }
    }
    return {};
  }

 private:
  int descriptor_;
};

}  // namespace

std::unique_ptr<RowOutput> make_row_output(int descriptor) {
  return std::make_unique<DescriptorOutput>(descriptor);
}

}  // namespace sluice::stream
