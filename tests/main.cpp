#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  Catch::Session session;
  const int usage = session.applyCommandLine(argc, argv);
  if (usage != 0) return usage;
  const int failed = session.run();
  if (failed != 0) std::fprintf(stderr, "seed of this run: %u\n", session.config().rngSeed());
  return failed;
}
