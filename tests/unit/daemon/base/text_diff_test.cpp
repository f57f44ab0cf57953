#include "daemon/base/text_diff.hpp"

#include <catch2/catch.hpp>

using sluice::daemon::unified_diff;

TEST_CASE("text diff: equal texts have none") { CHECK(unified_diff("a\nb\n", "a\nb\n", "x", "y").empty()); }

TEST_CASE("text diff: a changed line stands between three lines of context") {
  CHECK(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "old", "new") ==
        "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST_CASE("text diff: far changes are pieces of their own, near ones share one") {
  std::string before;
  for (char c = 'a'; c <= 'z'; ++c) before += std::string(1, c) + "\n";
  std::string after = before;
  after.replace(after.find("c\n"), 2, "C\n");
  after.replace(after.find("g\n"), 2, "G\n");
  after.replace(after.find("y\n"), 2, "");
  CHECK(unified_diff(before, after, "old", "new") ==
        "--- old\n+++ new\n@@ -1,10 +1,10 @@\n a\n b\n-c\n+C\n d\n e\n f\n-g\n+G\n h\n i\n j\n"
        "@@ -22,5 +22,4 @@\n v\n w\n x\n-y\n z\n");
}

TEST_CASE("text diff: a text that begins or ends is named by the line before") {
  CHECK(unified_diff("", "a\n", "old", "new") == "--- old\n+++ new\n@@ -0,0 +1,1 @@\n+a\n");
  CHECK(unified_diff("a\n", "", "old", "new") == "--- old\n+++ new\n@@ -1,1 +0,0 @@\n-a\n");
}
