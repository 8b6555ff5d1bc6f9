#include "control/kube/kubeconfig.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>

#include <curl/curl.h>
#include <yaml-cpp/yaml.h>

#include "control/kube/base64.h"
#include "control/kube/file.h"

namespace sluice::control::kube {
namespace {

using base::fail;
using base::Result;

// A mapping of a kubeconfig with the words that name it in a sentence: `/etc/x.conf: cluster "prod"`.
struct Section {
  YAML::Node node;
  std::string where;
  std::filesystem::path folder;

  base::Failure wrong(const std::string& key, const std::string& what) const {
    return fail(where + ": " + key + ": " + what);
  }
  bool has(const char* key) const { return node[key] && !node[key].IsNull(); }
  Result<std::string> text(const char* key) const;
  Result<std::string> path(const char* key) const;
  Result<Pem> pem(const char* data_key, const char* file_key) const;
};

Result<std::string> Section::text(const char* key) const {
  if (!has(key)) return std::string{};
  if (!node[key].IsScalar()) return wrong(key, "expected text");
  return node[key].Scalar();
}

// A file that exists, relative to the kubeconfig's folder.
Result<std::string> Section::path(const char* key) const {
  auto name = text(key);
  if (!name || name->empty()) return name;
  const auto path = (folder / *name).lexically_normal().string();
  const auto content = read_file(path);
  if (!content) return wrong(key, content.message());
  if (content->empty()) return wrong(key, path + " is empty");
  return path;
}

// Inline data wins over a file, as in client-go.
Result<Pem> Section::pem(const char* data_key, const char* file_key) const {
  const auto data = text(data_key);
  if (!data) return fail(data.message());
  if (!data->empty()) {
    const auto bytes = decode_base64(*data);
    if (!bytes) return wrong(data_key, bytes.message());
    if (bytes->find("-----BEGIN ") == std::string::npos) return wrong(data_key, "no PEM text in it");
    return Pem{.bytes = *bytes};
  }
  const auto file = path(file_key);
  if (!file) return fail(file.message());
  return Pem{.file = *file};
}

// By those who will have to make sense of it: with a host, and a port that is one.
bool is_url(const std::string& text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url{curl_url(), &curl_url_cleanup};
  return url != nullptr && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
}

Result<std::string> check_server(std::string server, const std::string& where) {
  const bool known = server.rfind("https://", 0) == 0 || server.rfind("http://", 0) == 0;
  if (!known || server.find_first_of(" \t\r\n?#") != std::string::npos || !is_url(server)) {
    return fail(where + ": expected https://HOST:PORT, got \"" + server + "\"");
  }
  while (server.back() == '/') server.pop_back();
  return server;
}

// The entry called `name` in one of the three lists of a kubeconfig.
Result<Section> find(const Section& root, const char* list, const char* kind, const std::string& name) {
  if (!root.has(list) || !root.node[list].IsSequence()) return root.wrong(list, "expected a list");
  for (const auto& entry : root.node[list]) {
    if (!entry.IsMap() || !entry["name"] || !entry["name"].IsScalar() || entry["name"].Scalar() != name) continue;
    Section section{entry[kind], root.where + ": " + kind + " \"" + name + "\"", root.folder};
    if (!section.node || !section.node.IsMap()) return fail(section.where + ": expected a mapping");
    return section;
  }
  return root.wrong(list, std::string{"has no "} + kind + " \"" + name + "\"");
}

Result<> take_cluster(const Section& cluster, Access& access) {
  const auto server = cluster.text("server");
  if (!server) return fail(server.message());
  auto checked = check_server(*server, cluster.where + ": server");
  if (!checked) return fail(checked.message());
  const auto ca = cluster.pem("certificate-authority-data", "certificate-authority");
  if (!ca) return fail(ca.message());
  const auto name = cluster.text("tls-server-name");
  const auto proxy = cluster.text("proxy-url");
  const auto insecure = cluster.text("insecure-skip-tls-verify");
  if (!name) return fail(name.message());
  if (!proxy) return fail(proxy.message());
  if (!insecure) return fail(insecure.message());
  if (!insecure->empty() && *insecure != "true" && *insecure != "false") {
    return cluster.wrong("insecure-skip-tls-verify", "expected true or false, got \"" + *insecure + "\"");
  }
  access.server = *checked;
  access.ca = *ca;
  access.tls_server_name = *name;
  access.proxy_url = *proxy;
  access.verify = *insecure == "true" ? Verify::kNothing : Verify::kPeer;
  return {};
}

Result<> take_user(const Section& user, Access& access) {
  for (const char* key : {"exec", "auth-provider", "username", "password", "as"}) {
    if (user.has(key)) {
      return user.wrong(key,
                        "not supported; use a token, a tokenFile or a client certificate (for a cloud's plugin: a "
                        "service account's token)");
    }
  }
  const auto token = user.text("token");
  if (!token) return fail(token.message());
  if (token->find_first_of("\r\n") != std::string::npos) return user.wrong("token", "has more than one line");
  const auto token_file = user.path("tokenFile");
  if (!token_file) return fail(token_file.message());
  const auto certificate = user.pem("client-certificate-data", "client-certificate");
  if (!certificate) return fail(certificate.message());
  const auto key = user.pem("client-key-data", "client-key");
  if (!key) return fail(key.message());
  if (certificate->empty() != key->empty()) {
    return user.wrong(key->empty() ? "client-key" : "client-certificate", "missing, while its counterpart is given");
  }
  access.token = *token;
  access.token_file = *token_file;
  access.client_certificate = *certificate;
  access.client_key = *key;
  return {};
}

Result<Access> access_of(const Section& root, std::string context_name) {
  if (context_name.empty()) {
    const auto current = root.text("current-context");
    if (!current) return fail(current.message());
    if (current->empty()) return root.wrong("current-context", "is not set; name a context");
    context_name = *current;
  }
  const auto context = find(root, "contexts", "context", context_name);
  if (!context) return fail(context.message());
  const auto cluster_name = context->text("cluster");
  const auto user_name = context->text("user");
  if (!cluster_name) return fail(cluster_name.message());
  if (!user_name) return fail(user_name.message());
  Access access;
  const auto cluster = find(root, "clusters", "cluster", *cluster_name);
  if (!cluster) return fail(cluster.message());
  const auto cluster_taken = take_cluster(*cluster, access);
  if (!cluster_taken) return fail(cluster_taken.message());
  // A context without a user talks as nobody, say to a local `kubectl proxy`.
  if (user_name->empty()) return access;
  const auto user = find(root, "users", "user", *user_name);
  if (!user) return fail(user.message());
  const auto user_taken = take_user(*user, access);
  if (!user_taken) return fail(user_taken.message());
  return access;
}

}  // namespace

Result<Access> load_kubeconfig(const std::string& file, const std::string& context) {
  const auto content = read_file(file);
  if (!content) return fail("kubeconfig " + content.message());
  try {
    const Section root{YAML::Load(*content), "kubeconfig " + file, std::filesystem::path{file}.parent_path()};
    if (!root.node.IsMap()) return fail(root.where + ": expected a mapping");
    return access_of(root, context);
  } catch (const YAML::Exception& error) {
    return fail("kubeconfig " + file + ":" + std::to_string(error.mark.line + 1) + ":" +
                std::to_string(error.mark.column + 1) + ": " + error.msg);
  }
}

ServiceAccount ServiceAccount::from_environment() {
  ServiceAccount account;
  if (const char* host = std::getenv("KUBERNETES_SERVICE_HOST")) account.host = host;
  if (const char* port = std::getenv("KUBERNETES_SERVICE_PORT")) account.port = port;
  return account;
}

Result<Access> in_cluster_access(const ServiceAccount& account) {
  if (account.host.empty() || account.port.empty()) {
    return fail("in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not in a pod?");
  }
  const bool is_v6 = account.host.find(':') != std::string::npos;
  const auto host = is_v6 ? "[" + account.host + "]" : account.host;
  return server_access({.server = "https://" + host + ":" + account.port,
                        .ca_file = account.folder + "/ca.crt",
                        .token_file = account.folder + "/token"});
}

Result<Access> server_access(const ServerAddress& address) {
  auto server = check_server(address.server, "server");
  if (!server) return fail(server.message());
  Access access;
  access.server = std::move(*server);
  access.ca.file = address.ca_file;
  access.token_file = address.token_file;
  if (!address.ca_file.empty()) {
    const auto ca = read_file(address.ca_file);
    if (!ca) return fail("ca_file: " + ca.message());
    if (ca->find("-----BEGIN ") == std::string::npos)
      return fail("ca_file: " + address.ca_file + ": no PEM text in it");
  }
  const auto token = access.bearer_token();
  if (!token) return fail(token.message());
  return access;
}

}  // namespace sluice::control::kube
