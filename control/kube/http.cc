#include "control/kube/http.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>
#include <utility>

#include <curl/curl.h>

#include "control/kube/curl_options.h"

namespace sluice::control::kube {

using Clock = Reactor::Clock;

namespace {

constexpr std::size_t kErrorBodyMax = 1 << 20;  // Of a refusal: enough for its reason.
constexpr long kConnectionsPerHostMax = 64;     // Three watches a cluster, the rest for writes.

void start_curl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) throw std::system_error{ENOTSUP, std::generic_category(), "curl_global_init"};
}

}  // namespace

struct HttpClient::Transfer {
  explicit Transfer(HttpRequest r) : request{std::move(r)}, easy{curl_easy_init()} {}
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    curl_slist_free_all(connect_to);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Curl's own, but for those that tell a duration: the same failure shall be the same sentence.
  std::string sentence(CURLcode code) const {
    if (code == CURLE_OK) return {};
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number != 0) return server + ": " + std::strerror(static_cast<int>(number));
    if (code == CURLE_WRITE_ERROR) {  // By our own body hook only.
      return server + ": the answer is longer than " + std::to_string(request.body_max) + " bytes";
    }
    if (code == CURLE_OPERATION_TIMEDOUT) return server + ": no answer in time";
    return server + ": " + (error[0] == '\0' ? curl_easy_strerror(code) : error.data());
  }
  bool succeeds() const { return response.status >= 200 && response.status < 300; }

  std::uint64_t id = 0;
  std::string server;
  HttpClient* client = nullptr;
  HttpRequest request;
  Response response;
  std::size_t body_size = 0;
  std::string arrived;  // Not yet handed to on_data.
  bool opened = false;  // The header of the last answer is complete…
  bool told = false;    // … and on_open was called.
  CURL* easy;
  curl_slist* headers = nullptr;
  curl_slist* connect_to = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
  Clock::time_point last_byte = Clock::now();
  Reactor::TimerId silence = 0;
};

// Called from inside curl, where nothing may be started or cancelled: they only note what came.
struct HttpClient::Hooks {
  static void note(Transfer& transfer) {
    transfer.last_byte = Clock::now();
    auto& arrived = transfer.client->arrived_;
    if (arrived.empty() || arrived.back() != transfer.id) arrived.push_back(transfer.id);
  }

  static std::size_t header(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::string_view line{bytes, size * count};
    if (line == "\r\n" || line == "\n") {
      curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &transfer.response.status);
      transfer.opened = transfer.succeeds();  // Not for "100 Continue".
      note(transfer);
    }
    return line.size();
  }

  static std::size_t body(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::string_view chunk{bytes, size * count};
    transfer.body_size += chunk.size();
    if (transfer.request.body_max > 0 && transfer.body_size > transfer.request.body_max) return 0;  // Ends it.
    if (transfer.succeeds()) {
      transfer.arrived.append(chunk);
    } else {
      const auto room = kErrorBodyMax - std::min(kErrorBodyMax, transfer.response.body.size());
      transfer.response.body.append(chunk.substr(0, room));
    }
    note(transfer);
    return chunk.size();
  }

  static int socket(CURL*, curl_socket_t fd, int what, void* user, void* known) {
    auto& client = *static_cast<HttpClient*>(user);
    if (what == CURL_POLL_REMOVE) {
      client.reactor_.forget(fd);
      return 0;
    }
    // A number that curl shows for the first time may be that of a socket closed before.
    if (known == nullptr) {
      client.reactor_.forget(fd);
      curl_multi_assign(client.multi_, fd, &client);
    }
    const std::uint32_t events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
                                 ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
    client.reactor_.watch(fd, events, [&client, fd](std::uint32_t ready) {
      const int in = (ready & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
      const int out = (ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
      client.act(fd, in | out | ((ready & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0));
    });
    return 0;
  }

  static int timer(CURLM*, long delay_ms, void* user) {
    auto& client = *static_cast<HttpClient*>(user);
    client.reactor_.cancel(std::exchange(client.timer_, 0));
    if (delay_ms < 0) return 0;
    client.timer_ =
        client.reactor_.after(std::chrono::milliseconds{delay_ms}, [&client] { client.act(CURL_SOCKET_TIMEOUT, 0); });
    return 0;
  }
};

HttpClient::Handle::Handle(HttpClient& client, std::uint64_t id) : client_{client.self_}, id_{id} {}

HttpClient::Handle::Handle(Handle&& other) noexcept
    : client_{std::move(other.client_)}, id_{std::exchange(other.id_, 0)} {}

HttpClient::Handle& HttpClient::Handle::operator=(Handle&& other) noexcept {
  if (this == &other) return *this;
  reset();
  client_ = std::move(other.client_);
  id_ = std::exchange(other.id_, 0);
  return *this;
}

void HttpClient::Handle::reset() {
  const auto client = client_.lock();
  if (client && id_ != 0) (*client)->cancel(id_);
  id_ = 0;
}

HttpClient::HttpClient(Reactor& reactor) : reactor_{reactor}, self_{std::make_shared<HttpClient*>(this)} {
  start_curl();
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc{};
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Hooks::socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Hooks::timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsPerHostMax);
}

HttpClient::~HttpClient() {
  self_.reset();
  while (!transfers_.empty()) cancel(transfers_.begin()->first);
  curl_multi_cleanup(multi_);
  reactor_.cancel(timer_);
}

HttpClient::Handle HttpClient::send(HttpRequest request, const Access& access) {
  const auto id = next_id_++;
  const auto transfer = std::make_shared<Transfer>(std::move(request));
  transfer->id = id;
  transfer->client = this;
  transfer->server = access.server;
  transfers_[id] = transfer;
  const auto token = access.bearer_token();
  if (!token) {
    fail_later(id, token.message());
    return {*this, id};
  }
  if (!token->empty()) transfer->request.headers.push_back("Authorization: Bearer " + *token);
  prepare(*transfer, access);
  const auto added = curl_multi_add_handle(multi_, transfer->easy);
  if (added != CURLM_OK)
    fail_later(id, curl_multi_strerror(added));
  else if (transfer->request.idle_timeout.count() > 0)
    watch_silence(id, transfer->request.idle_timeout);
  return {*this, id};
}

void HttpClient::prepare(Transfer& transfer, const Access& access) {
  CURL* easy = transfer.easy;
  const auto target = target_of(access, transfer.request.path);
  curl_easy_setopt(easy, CURLOPT_URL, target.url.c_str());
  if (!target.connect_to.empty()) {
    transfer.connect_to = curl_slist_append(nullptr, target.connect_to.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.connect_to);
  }
  set_connection(easy, access);
  set_tls(easy, access);
  set_method(easy, transfer.request);
  for (const auto& header : transfer.request.headers) {
    transfer.headers = curl_slist_append(transfer.headers, header.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Hooks::header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Hooks::body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
}

void HttpClient::fail_later(std::uint64_t id, std::string error) {
  const auto& transfer = transfers_.at(id);
  transfer->silence = reactor_.after({}, [this, id, text = std::move(error)] { finish(id, text); });
}

void HttpClient::watch_silence(std::uint64_t id, Clock::duration delay) {
  transfers_.at(id)->silence = reactor_.after(delay, [this, id] {
    const auto& transfer = *transfers_.at(id);
    const auto limit = transfer.request.idle_timeout;
    const auto left = transfer.last_byte + limit - Clock::now();
    if (left > Clock::duration::zero()) return watch_silence(id, left);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
    finish(id, "not a byte in " + std::to_string(seconds) + " s");
  });
}

// Takes the transfer out of everything, then tells its owner.
void HttpClient::finish(std::uint64_t id, std::string error) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const auto transfer = found->second;
  cancel(id);
  transfer->response.error = std::move(error);
  if (transfer->request.on_done) transfer->request.on_done(transfer->response);
}

void HttpClient::cancel(std::uint64_t id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const auto transfer = found->second;
  transfers_.erase(found);
  reactor_.cancel(transfer->silence);
  curl_multi_remove_handle(multi_, transfer->easy);
}

void HttpClient::act(int fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  deliver();
}

// Everything that callers hear of is told here, outside of curl, so that they may do as they like.
void HttpClient::deliver() {
  for (const auto id : std::exchange(arrived_, {})) hand_over(id);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const auto id = transfer->id;
    hand_over(id);
    if (!transfers_.contains(id)) continue;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (retry_after > 0) transfer->response.retry_after = std::chrono::seconds{retry_after};
    finish(id, transfer->sentence(code));
  }
}

void HttpClient::hand_over(std::uint64_t id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const auto transfer = found->second;  // A callback may cancel it.
  if (transfer->opened && !std::exchange(transfer->told, true) && transfer->request.on_open) {
    transfer->request.on_open();
    if (!transfers_.contains(id)) return;
  }
  const auto bytes = std::exchange(transfer->arrived, {});
  if (bytes.empty()) return;
  if (transfer->request.on_data)
    transfer->request.on_data(bytes);
  else
    transfer->response.body += bytes;
}

}  // namespace sluice::control::kube
