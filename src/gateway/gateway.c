#include "gateway/gateway.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/text.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define REST_FIRST_US INT64_C(2000000)
enum { REST_DOUBLINGS = 5 };

struct gateway {
  char *url, *secret;
  struct gateway_rest rest;
};

void gateway_open(const char *url, const char *secret, struct gateway **ret)
{
  struct gateway *gateway = calloc(1, sizeof *gateway);
  if (!gateway || !(gateway->url = strdup(url)) || !(gateway->secret = strdup(secret)))
    abort();
  *ret = gateway;
}

void gateway_close(struct gateway *gateway)
{
  if (!gateway)
    return;
  free(gateway->url);
  free(gateway->secret);
  free(gateway);
}

/* ---- signatures ---- */

void gateway_sign(struct span secret, struct span seconds, struct span body, char ret[GATEWAY_SIGNATURE])
{
  const struct span parts[] = {seconds, SPAN("."), body};
  struct digest mac = hmac_sha256_parts(secret, parts, 3);
  hex_encode(mac.b, DIGEST_BYTES, ret);
}

int gateway_check(struct span secret, struct span seconds, struct span signature, struct span body, moment now, struct error *error)
{
  const struct span parts[] = {seconds, SPAN("."), body};
  struct digest wanted = hmac_sha256_parts(secret, parts, 3), got;
  int64_t at;
  if (!span_natural(seconds, &at) || at > INT64_MAX / SECOND_MS || !hex_decode(signature, got.b, sizeof got.b) ||
      !digest_eq(&wanted, &got))
    return error_set(error, ERROR_FORBIDDEN, "bad-signature", "签名不正确", "The signature is not right");
  moment apart = at * SECOND_MS - now;
  if (apart > GATEWAY_WINDOW || apart < -GATEWAY_WINDOW)
    return error_set(error, ERROR_FORBIDDEN, "stale-signature", "签名的时间已超出五分钟",
                     "The signature is more than five minutes off");
  return 0;
}

/* ---- resting ---- */

bool gateway_rests(const struct gateway_rest *rest)
{
  return rest->failures && monotonic_us() < rest->until_us;
}

void gateway_failed(struct gateway_rest *rest)
{
  rest->until_us = monotonic_us() + (REST_FIRST_US << (rest->failures < REST_DOUBLINGS ? rest->failures : REST_DOUBLINGS));
  rest->failures++;
}

void gateway_answered(struct gateway_rest *rest)
{
  rest->failures = 0;
}

/* ---- posting ---- */

static size_t take(char *data, size_t size, size_t n, void *context)
{
  struct buf *out = context;
  buf_bytes(out, data, size * n);
  return out->full ? 0 : size * n;
}

static CURLcode post(struct gateway *g, const char *url, const char *key, struct span body, struct buf *out, long *ret_status)
{
  char seconds[24], signature[GATEWAY_SIGNATURE], line[160];
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  CURL *curl = curl_easy_init();
  if (!curl)
    abort();
  (void)snprintf(seconds, sizeof seconds, "%lld", (long long)(moment_now() / SECOND_MS));
  gateway_sign(span_of(g->secret), span_of(seconds), body, signature);
  (void)snprintf(line, sizeof line, "Idempotency-Key: %.100s", key);
  headers = curl_slist_append(headers, line);
  (void)snprintf(line, sizeof line, "X-Timestamp: %s", seconds);
  headers = curl_slist_append(headers, line);
  (void)snprintf(line, sizeof line, "X-Signature: %s", signature);
  headers = curl_slist_append(headers, line);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.p);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
  return code;
}

int gateway_post(struct gateway *g, const char *path, const char *key, struct span body, struct arena *arena,
                 struct gateway_answer *ret, struct error *error)
{
  struct buf out;
  long status = 0;
  if (gateway_rests(&g->rest))
    return error_set(error, ERROR_BUSY, "gateway-resting", "对方系统刚才没有应答，稍后再试",
                     "The far end did not answer a moment ago");
  buf_init(&out, ANSWER_MAX);
  CURLcode code = post(g, arena_printf(arena, "%s%s", g->url, path), key, body, &out, &status);
  struct span answer = arena_span(arena, buf_view(&out));
  buf_release(&out);
  if (code != CURLE_OK) {
    gateway_failed(&g->rest);
    return error_set(error, ERROR_BUSY, "gateway-silent", "对方系统没有应答：%s", "The far end did not answer: %s",
                     curl_easy_strerror(code));
  }
  gateway_answered(&g->rest);
  *ret = (struct gateway_answer){(int)status, answer};
  return 0;
}
