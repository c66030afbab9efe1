/*
 * E-mail: a message as text, and SMTP by libcurl.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "notice/internal.h"

enum { WORD_BYTES = 39, LINE_BYTES = 57 }; /* base64 of them is 52 and 76 characters */

bool mail_address(struct span s)
{
  const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
  if (!at || at == s.p || at + 1 == s.p + s.n || memchr(at + 1, '@', (size_t)(s.p + s.n - at - 1)))
    return false;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("@.-_+", c);
    if (!c || !plain || (c == '.' && (i == 0 || i + 1 == s.n || s.p[i + 1] == '.' || s.p[i + 1] == '@' || s.p[i - 1] == '@')))
      return false;
  }
  return memchr(at, '.', (size_t)(s.p + s.n - at)) || span_is((struct span){at, (size_t)(s.p + s.n - at)}, "@localhost");
}

/* RFC 2047: each word holds whole characters. */
static void put_subject(struct arena *arena, struct buf *out, struct span text)
{
  buf_str(out, "Subject:");
  while (text.n) {
    struct span head = text_head(text, WORD_BYTES);
    if (!head.n)
      break;
    buf_printf(out, " =?UTF-8?B?%s?=\r\n", base64_encode(arena, head.p, head.n));
    text.p += head.n;
    text.n -= head.n;
  }
}

static void put_date(struct buf *out, moment at)
{
  static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[MOMENT_TEXT];
  int year, month, mday;
  day d = day_of(at);
  day_parts(d, &year, &month, &mday);
  moment_format(at, text);
  buf_printf(out, "Date: %s, %02d %s %04d %.8s +0800\r\n", days[day_weekday(d) - 1], mday, months[month - 1], year, text + 11);
}

struct span mail_text(struct arena *arena, const struct mail *mail)
{
  struct buf out;
  buf_init(&out, (size_t)1 << 20);
  const char *domain = strchr(mail->from, '@');
  put_date(&out, mail->at);
  buf_printf(&out, "From: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s%s>\r\n", mail->from, mail->to, mail->id,
             domain ? domain : "@localhost");
  put_subject(arena, &out, span_of(mail->subject));
  buf_str(&out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n");
  size_t n = strlen(mail->text);
  for (size_t i = 0; i < n; i += LINE_BYTES)
    buf_printf(&out, "%s\r\n", base64_encode(arena, mail->text + i, n - i < LINE_BYTES ? n - i : LINE_BYTES));
  struct span text = arena_span(arena, buf_view(&out));
  buf_release(&out);
  return text;
}

/* ---- SMTP ---- */

static size_t give(char *to, size_t size, size_t n, void *context)
{
  struct span *rest = context;
  size_t some = size * n < rest->n ? size * n : rest->n;
  memcpy(to, rest->p, some);
  rest->p += some;
  rest->n -= some;
  return some;
}

static CURLcode hand_over(const struct post_office *office, struct arena *arena, const struct mail *mail, long *ret_status)
{
  struct span text = mail_text(arena, mail);
  struct curl_slist *to = curl_slist_append(NULL, arena_printf(arena, "<%s>", mail->to));
  CURL *curl = curl_easy_init();
  if (!curl)
    abort();
  curl_easy_setopt(curl, CURLOPT_URL, office->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  bool must = office->user || office->ca; /* no password in clear, and nobody in between who takes encryption away */
  curl_easy_setopt(curl, CURLOPT_USE_SSL, must ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (office->ca)
    curl_easy_setopt(curl, CURLOPT_CAINFO, office->ca);
  if (office->user)
    curl_easy_setopt(curl, CURLOPT_USERPWD, office->user);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_printf(arena, "<%s>", mail->from));
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(curl, CURLOPT_READDATA, &text);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
  curl_easy_cleanup(curl);
  curl_slist_free_all(to);
  return code;
}

/* What stays so until somebody sees to it is said so that he knows what; it is tried again all the same. */
static int not_handed_over(CURLcode code, struct error *error)
{
  switch (code) {
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_ISSUER_ERROR:
    return error_set(
        error, ERROR_BUSY, "mail-certificate", "邮件服务器的证书不可信，什么都没有发出（自设证书机构的证书放在密钥目录 mail.ca）",
        "The mail server's certificate is not to be trusted, nothing was sent (the certificate of an authority of your "
        "own goes to the keys' mail.ca)");
  case CURLE_SSL_CACERT_BADFILE:
    return error_set(error, ERROR_BUSY, "mail-ca", "密钥目录中的 mail.ca 不是证书", "The keys' mail.ca holds no certificate");
  case CURLE_USE_SSL_FAILED:
    return error_set(error, ERROR_BUSY, "mail-plain", "邮件服务器不提供加密，什么都没有发出，密码也没有",
                     "The mail server offers no encryption: nothing was sent, the password neither");
  case CURLE_LOGIN_DENIED:
    return error_set(error, ERROR_BUSY, "mail-login", "邮件服务器不接受密钥目录 mail.user 中的用户和密码",
                     "The mail server does not take the user and password of the keys' mail.user");
  default:
    return error_set(error, ERROR_BUSY, "mail-silent", "邮件未能交给服务器：%s", "The mail could not be handed over: %s",
                     curl_easy_strerror(code));
  }
}

int mail_send(struct post_office *office, struct arena *arena, const struct mail *mail, struct error *error)
{
  long status = 0;
  if (gateway_rests(&office->rest))
    return error_set(error, ERROR_BUSY, "mail-resting", "邮件服务器刚才没有应答，稍后再试",
                     "The mail server did not answer a moment ago");
  CURLcode code = hand_over(office, arena, mail, &status);
  if (code == CURLE_OK) {
    gateway_answered(&office->rest);
    return 0;
  }
  if (status >= 550 && status <= 559) { /* this address or this message, for good; other refusals may be the server's trouble */
    gateway_answered(&office->rest);
    return error_set(error, ERROR_RULE, "mail-refused", "邮件服务器拒收：%ld", "The mail server refused it: %ld", status);
  }
  if (status < 400 || status > 499)
    gateway_failed(&office->rest);
  return not_handed_over(code, error);
}
