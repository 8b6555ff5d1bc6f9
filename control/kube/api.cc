#include "control/kube/api.h"

#include "control/kube/decode.h"

namespace sluice::control::kube {
namespace {

std::string_view reason_phrase(long status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

}  // namespace

std::string describe(const Response& response) {
  if (!response.error.empty()) return response.error;
  auto sentence = std::to_string(response.status);
  const auto phrase = reason_phrase(response.status);
  if (!phrase.empty()) sentence += " " + std::string{phrase};
  const auto detail = decode_status_message(response.body);
  return detail.empty() ? sentence : sentence + ": " + detail;
}

}  // namespace sluice::control::kube
