#pragma once
// Randomness as a port: jitter and request ids come from here, so that one seed is one run.

#include <cstdint>
#include <random>

namespace sluice {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound); bound > 0. The bias of the modulo is below 2^-32 for the bounds used here.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// Seeded from the operating system.
class SystemRandom final : public Random {
 public:
  SystemRandom() : engine_(seed()) {}
  std::uint64_t next() override { return engine_(); }

 private:
  static std::uint64_t seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) ^ device();
  }

  std::mt19937_64 engine_;
};

}  // namespace sluice
