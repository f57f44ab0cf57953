#include "daemon/state/private_tmp.hpp"

#include <catch2/catch.hpp>

using sluice::daemon::is_in_private_tmp;

namespace {

// Lines of the daemon's mountinfo under the unit of the package; the second /tmp with a file system of its
// own.
constexpr std::string_view kService =
    "431 402 0:25 / /proc rw,nosuid,relatime shared:5 - proc proc rw,hidepid=invisible,subset=pid\n"
    "440 402 254:1 /tmp/systemd-private-5a2c9f-sluice.service-x8Vd1o/tmp /tmp rw,relatime shared:1 - ext4 "
    "/dev/vda1 rw\n"
    "441 402 254:1 /var/tmp/systemd-private-5a2c9f-sluice.service-IqJ0b2/tmp /var/tmp rw shared:1 - ext4 "
    "/dev/vda1 rw\n";
constexpr std::string_view kOwnTmp =
    "440 402 0:38 /systemd-private-5a2c9f-sluice.service-x8Vd1o/tmp /tmp rw,nosuid - tmpfs tmpfs "
    "rw,size=8g\n";
constexpr std::string_view kPlain =
    "26 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "27 26 0:38 / /tmp rw,nosuid,nodev shared:2 - tmpfs tmpfs rw\n"
    "28 26 0:39 /systemd-private-5a2c9f-other.service-x8Vd1o/tmp /srv/tmp rw - tmpfs tmpfs rw\n";

}  // namespace

TEST_CASE("private tmp: a path below the /tmp or /var/tmp of a service alone is told, and no other") {
  CHECK(is_in_private_tmp("/tmp/backup.db", kService));
  CHECK(is_in_private_tmp("/tmp/deep/backup.db", kService));
  CHECK(is_in_private_tmp("/var/tmp/backup.db", kService));
  CHECK(is_in_private_tmp("/tmp/backup.db", kOwnTmp));
  CHECK_FALSE(is_in_private_tmp("/var/tmp/backup.db", kOwnTmp));
  CHECK_FALSE(is_in_private_tmp("/tmpfiles/backup.db", kService));
  CHECK_FALSE(is_in_private_tmp("/var/lib/sluice/tmp/backup.db", kService));
  CHECK_FALSE(is_in_private_tmp("/tmp/backup.db", kPlain));
  CHECK_FALSE(is_in_private_tmp("/tmp/backup.db", ""));
  CHECK_FALSE(is_in_private_tmp("/tmp/backup.db", "cut 1 2"));
}
