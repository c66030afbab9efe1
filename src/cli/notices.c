#include "cli/notices.h"

#include <curl/curl.h>
#include <stdlib.h>

static int post(const char *url, const char *delivery_id, struct span body, CURL *curl, struct error *error)
{
  char key[100];
  (void)snprintf(key, sizeof key, "Idempotency-Key: %s", delivery_id);
  struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), key);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.p);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  if (code != CURLE_OK)
    return error_set(error, ERROR_BUSY, "gateway", "消息网关没有应答：%s", "The message gateway did not answer: %s",
                     curl_easy_strerror(code));
  if (status < 200 || status > 299)
    return error_set(error, ERROR_BUSY, "gateway", "消息网关拒绝：HTTP %ld", "The message gateway refused: HTTP %ld", status);
  return 0;
}

static size_t ignore(char *data, size_t size, size_t n, void *context)
{
  (void)data;
  (void)context;
  return size * n;
}

static int deliver(void *context, const char *delivery_id, struct span body, struct error *error)
{
  const char *url = context;
  if (!url)
    return 0;
  CURL *curl = curl_easy_init();
  if (!curl)
    abort();
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  int bad = post(url, delivery_id, body, curl, error);
  curl_easy_cleanup(curl);
  return bad;
}

struct outlet notices_outlet(const char *url)
{
  return (struct outlet){.topic = "notice", .deliver = deliver, .context = (void *)(uintptr_t)url};
}
