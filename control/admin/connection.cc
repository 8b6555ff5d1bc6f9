#include "control/admin/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace sluice::control::admin {

std::shared_ptr<Connection> Reply::connection() const {
  auto connection = connection_.lock();
  return connection && connection->is_asking(question_) ? connection : nullptr;
}

void Reply::operator()(const Response& response) const {
  if (const auto client = connection()) client->reply(response);
}

void Reply::piece(Response response) const {
  response.set_more(true);
  (*this)(response);
}

Reply::Reader Reply::reader() const {
  const auto client = connection();
  if (!client) return Reader::kGone;
  return client->has_sent_all() ? Reader::kReady : Reader::kBehind;
}

Connection::Connection(Reactor& reactor, FileDescriptor socket, const Handler& handler, std::function<void()> on_end)
    : reactor_{reactor}, socket_{std::move(socket)}, handler_{handler}, on_end_{std::move(on_end)} {}

Connection::~Connection() { reactor_.forget(socket_.get()); }

void Connection::start() { advance(); }

void Connection::refuse(std::string sentence) {
  say_last(std::move(sentence));
  advance();
}

void Connection::on_ready(std::uint32_t events) {
  const auto keep_alive = shared_from_this();
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return end();  // Nobody is there to read an answer.
  if ((events & EPOLLIN) != 0) receive();
  advance();
}

// At most one piece a turn: other clients and the rest of the control thread wait.
void Connection::receive() {
  std::array<char, 65536> piece;
  const ssize_t size = ::recv(socket_.get(), piece.data(), piece.size(), 0);
  if (size > 0) {
    reader_.append({piece.data(), static_cast<std::size_t>(size)});
  } else if (size == 0) {
    is_last_ = true;  // It may have said all it has to say and still listen.
  } else if (errno != EAGAIN && errno != EINTR) {
    end();
  }
}

// Goes on until it has to wait: for the handler, for the client to read, or for the client to ask.
void Connection::advance() {
  if (is_advancing_ || has_ended_) return;
  is_advancing_ = true;
  while (send_some() && !is_asking_ && take_request()) continue;
  is_advancing_ = false;
  if (has_ended_) return;
  if (is_last_ && !is_asking_ && outgoing_.empty()) return end();
  watch();
}

bool Connection::take_request() {
  auto message = reader_.next();
  if (!message) {
    say_last(message.message());
    return true;
  }
  if (!message->has_value()) return false;
  ask(**message);
  return true;
}

void Connection::ask(const std::string& message) {
  Request request;
  if (!request.ParseFromString(message)) return say_last("this is no request of sluice");
  if (request.question_case() == Request::QUESTION_NOT_SET) {
    return answer(failure("this sluiced does not know that question: is it of another version than `sluice`?"));
  }
  is_asking_ = true;
  handler_(request, Reply{weak_from_this(), ++question_});
}

void Connection::reply(const Response& response) {
  answer(response);
  advance();
}

void Connection::answer(const Response& response) {
  is_asking_ = response.more();
  const bool fits = response.ByteSizeLong() <= kResponseSizeMax;
  outgoing_ += to_frame(fits ? response : failure("the answer is too long: ask for less"));
}

void Connection::say_last(std::string sentence) {
  is_last_ = true;
  reader_.clear();
  outgoing_ += to_frame(failure(std::move(sentence)));
}

// False: there is more to send than the client takes now, or there is no client.
bool Connection::send_some() {
  while (sent_ < outgoing_.size()) {
    const ssize_t size = ::send(socket_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (size >= 0) {
      sent_ += static_cast<std::size_t>(size);
    } else if (errno != EINTR) {
      if (errno != EAGAIN) end();
      return false;
    }
  }
  std::string{}.swap(outgoing_);  // An answer may have been large.
  sent_ = 0;
  return true;
}

void Connection::watch() {
  std::uint32_t events = 0;  // Hang-up is always told.
  if (!outgoing_.empty()) {
    events = EPOLLOUT;
  } else if (!is_asking_ && !is_last_) {
    events = EPOLLIN;
  }
  if (events == watched_) return;
  watched_ = events;
  reactor_.watch(socket_.get(), events, [this](std::uint32_t ready) { on_ready(ready); });
}

void Connection::end() {
  if (std::exchange(has_ended_, true)) return;
  reactor_.forget(socket_.get());
  on_end_();
}

}  // namespace sluice::control::admin
