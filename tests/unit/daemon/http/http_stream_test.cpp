#include "core/base/signal.hpp"
#include "tests/unit/daemon/http/http_peer.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::Peer;

namespace {

// Gives what the test puts in.
struct Pieces final : BodySource {
  explicit Pieces(Executor executor) : came(std::move(executor)) {}

  awaitable<std::optional<std::string>> next() override;

  void put(std::string piece) {
    pieces.push_back(std::move(piece));
    came.notify_all();
  }
  void end() {
    ended = true;
    came.notify_all();
  }

  Signal came;
  std::deque<std::string> pieces;
  bool ended = false;
  bool endless = false;   // there is always more
  std::size_t given = 0;  // bytes
  bool* cancelled = nullptr;
};

awaitable<std::optional<std::string>> Pieces::next() {
  while (pieces.empty() && !ended && !endless) {
    const bool woken = co_await came.notified();
    if (!woken && cancelled != nullptr) *cancelled = true;
  }
  std::optional<std::string> piece;
  if (endless) {
    piece = std::string(64 * 1024, 'x');
  } else if (!pieces.empty()) {
    piece = std::move(pieces.front());
    pieces.pop_front();
  }
  if (piece) given += piece->size();
  co_return piece;
}

struct StreamServer : sluice::test::ServerFixture {
  explicit StreamServer(ServerLimits limits = {})
      : ServerFixture([this](const HttpRequest& request) { return answer(request); }, limits),
        path(folder.path("s")),
        pieces(std::make_shared<Pieces>(loop.get_executor())) {
    REQUIRE(server.listen_unix(path).has_value());
  }
  ~StreamServer() { stop(); }

  awaitable<HttpResponse> answer(const HttpRequest& request);

  void turn() {
    for (int turns = 0; turns < 20; ++turns) {
      loop.restart();
      loop.poll();
    }
  }

  sluice::test::TempFolder folder;
  std::string path;
  std::shared_ptr<Pieces> pieces;
  std::string last_event_id;
};

awaitable<HttpResponse> StreamServer::answer(const HttpRequest& request) {
  last_event_id = request.last_event_id;
  HttpResponse response;
  response.content_type = "text/event-stream";
  if (request.path == "/plain") {
    response.body = "plain";
  } else {
    response.stream = pieces;
  }
  co_return response;
}

constexpr const char* kAsk = "GET /x HTTP/1.1\r\nHost: x\r\nLast-Event-ID: a-7\r\n\r\n";

}  // namespace

TEST_CASE("stream: pieces are sent as they come, each a chunk, until the source ends") {
  StreamServer f;
  const Peer peer(f.path);
  const std::string head = f.ask(peer, kAsk, "\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK"));
  CHECK(head.find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(head.find("Content-Security-Policy: ") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(f.last_event_id == "a-7");
  f.pieces->put("one");
  CHECK(f.receive(peer, "one\r\n") == "3\r\none\r\n");
  f.pieces->put("seventeen letters");
  CHECK(f.receive(peer, "letters\r\n") == "11\r\nseventeen letters\r\n");
  f.pieces->end();
  CHECK(f.receive(peer) == "0\r\n\r\n(closed)");
}

TEST_CASE("stream: HTTP/1.0 gets the pieces bare, HEAD gets none") {
  StreamServer f;
  f.pieces->put("one");
  const Peer head(f.path);
  const std::string empty = f.ask(head, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(empty.starts_with("HTTP/1.1 200 OK"));
  CHECK(empty.ends_with("\r\n\r\n(closed)"));
  f.pieces->end();
  const Peer old(f.path);
  const std::string bare = f.ask(old, "GET /x HTTP/1.0\r\n\r\n");
  CHECK(bare.find("chunked") == std::string::npos);
  CHECK(bare.ends_with("\r\n\r\none(closed)"));
}

TEST_CASE("stream: a peer that goes away ends it before there is anything to send") {
  StreamServer f;
  bool cancelled = false;
  f.pieces->cancelled = &cancelled;
  {
    const Peer peer(f.path);
    f.ask(peer, kAsk, "\r\n\r\n");
    CHECK_FALSE(cancelled);
  }
  f.turn();
  CHECK(cancelled);
}

TEST_CASE("stream: so many at once and no more, and others are still answered") {
  ServerLimits limits;
  limits.streams_max = 2;
  StreamServer f(limits);
  const Peer first(f.path);
  f.ask(first, kAsk, "\r\n\r\n");
  {
    const Peer second(f.path);
    f.ask(second, kAsk, "\r\n\r\n");
    const Peer third(f.path);
    const std::string refused = f.ask(third, kAsk);
    CHECK(refused.starts_with("HTTP/1.1 503"));
    CHECK(refused.find("application/problem+json") != std::string::npos);
    CHECK(refused.find("\"code\":\"unavailable\"") != std::string::npos);
    CHECK(refused.find("Retry-After: ") != std::string::npos);
    const Peer plain(f.path);
    CHECK(f.ask(plain, "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n", "plain").starts_with("HTTP/1.1 200"));
  }
  f.turn();
  const Peer again(f.path);
  CHECK(f.ask(again, kAsk, "\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("stream: a reader that does not read is asked to take no more, and put out after the limit") {
  ServerLimits limits;
  limits.answer = std::chrono::milliseconds(50);
  StreamServer f(limits);
  f.pieces->endless = true;
  const Peer peer(f.path);
  peer.send(kAsk);
  const std::size_t before = [&] {
    f.turn();
    return f.pieces->given;
  }();
  f.turn();
  CHECK(f.pieces->given == before);  // the socket is full
  CHECK(before < 4 * 1024 * 1024);
  pollfd gone{peer.socket(), POLLRDHUP, 0};
  for (int turns = 0; turns < 20000 && (gone.revents & (POLLRDHUP | POLLHUP)) == 0; ++turns) {
    f.loop.restart();
    f.loop.poll();
    ::poll(&gone, 1, 1);
  }
  CHECK((gone.revents & (POLLRDHUP | POLLHUP)) != 0);
  CHECK(f.pieces->given == before);
}

TEST_CASE("stream: an open one does not keep the server from stopping") {
  StreamServer f;
  const Peer peer(f.path);
  f.ask(peer, kAsk, "\r\n\r\n");
  f.stop();  // runs the loop until nothing is left on it
  CHECK(f.receive(peer).ends_with("(closed)"));
}
