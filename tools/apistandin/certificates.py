"""A CA, a server certificate and a kubeconfig in the state folder. What is there already is used again, so that a
client's copy of the CA outlives a restart."""

import base64
import os
import secrets
import subprocess


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def _write(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def make_certificates(folder, address):
    """Returns (ca.crt, server.crt, server.key) as paths; the server's certificate is new at each call."""
    ca, ca_key = os.path.join(folder, "ca.crt"), os.path.join(folder, "ca.key")
    server, key = os.path.join(folder, "server.crt"), os.path.join(folder, "server.key")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    if not os.path.exists(ca):
        _openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-subj", "/CN=api-stand-in-ca", "-days", "3650",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
    request, extensions = server + ".request", server + ".extensions"
    _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=kube-apiserver")
    names = ["DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc", "IP:127.0.0.1"]
    if address not in ("127.0.0.1", "0.0.0.0", "::"):
        names.append(f"IP:{address}")
    _write(extensions, "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
           f"subjectAltName={','.join(names)}\n")
    _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "3650",
             "-extfile", extensions, "-out", server)
    os.remove(request)
    os.remove(extensions)
    return ca, server, key


def load_token(folder):
    path = os.path.join(folder, "admin.token")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    return None


def write_token(folder, url, ca_path):
    """Makes a new token; returns it."""
    token = secrets.token_hex(16)
    _write(os.path.join(folder, "admin.token"), token + "\n")
    write_kubeconfig(folder, url, ca_path, token)
    return token


def write_kubeconfig(folder, url, ca_path, token):
    cluster = f"  server: {url}\n"
    if ca_path:
        with open(ca_path, "rb") as file:
            cluster += f"    certificate-authority-data: {base64.b64encode(file.read()).decode()}\n"
    _write(os.path.join(folder, "admin.conf"), f"""apiVersion: v1
kind: Config
clusters:
- name: standin
  cluster:
  {cluster}users:
- name: admin
  user:
    token: {token}
contexts:
- name: standin
  context:
    cluster: standin
    user: admin
current-context: standin
""")
