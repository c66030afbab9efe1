/*
 * The outlets of notices. They run on the engine's delivery thread, one message after another; what was sent is recorded
 * before the next is begun.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/delivery.h"
#include "notice/internal.h"
#include "web/web.h"

struct notices {
  struct notices_options options;
  struct delivering delivering;
  struct post_office office;
  struct gateway *hook;
};

int notices_open(const struct notices_options *options, struct notices **ret, struct error *error)
{
  if (options->mail_url && (!options->mail_from || !mail_address(span_of(options->mail_from))))
    return error_set(error, ERROR_BAD_INPUT, "bad-mail", "发送邮件需要 --mail-from 给出发件地址",
                     "Sending mail wants the sender's address: --mail-from");
  struct notices *notices = calloc(1, sizeof *notices);
  if (!notices)
    abort();
  notices->options = *options;
  notices->delivering.store = options->store;
  notices->office = (struct post_office){.url = options->mail_url, .user = options->mail_user, .ca = options->mail_ca};
  if (options->hook_url)
    gateway_open(options->hook_url, options->hook_secret, &notices->hook);
  *ret = notices;
  return 0;
}

void notices_close(struct notices *notices)
{
  if (!notices)
    return;
  gateway_close(notices->hook);
  free(notices);
}

void notices_serve(struct notices *notices, struct engine *engine)
{
  atomic_store(&notices->delivering.engine, engine);
}

/* ---- one message ---- */

static int run(struct notices *notices, const char *delivery_id, struct span body, delivery_work *work, struct error *error)
{
  return delivery_run(notices, &notices->delivering, delivery_id, body, work, error);
}

static struct notices *notices_of(const struct delivery *job)
{
  return job->context;
}

static int tell(struct delivery *job, int64_t id, const char *type, const char *key, json_t *data, struct error *error)
{
  return delivery_tell(job->engine, &notice_kind, id, type, key, data, NULL, error);
}

/* ---- «notice»: who is told how ---- */

static json_t *channels_of(const struct delivery *job, const struct about *about, const struct contact *contact)
{
  const struct notices *n = notices_of(job);
  json_t *list = json_array();
  if (n->office.url && *contact->email && !*contact->code)
    (void)json_array_append_new(list, json_string(notice_channels[NOTICE_EMAIL]));
  if (n->hook && contact->sms && *about->phone)
    (void)json_array_append_new(list, json_string(notice_channels[NOTICE_SMS]));
  if (n->hook && contact->wechat && *about->account)
    (void)json_array_append_new(list, json_string(notice_channels[NOTICE_WECHAT]));
  return list;
}

static int make_notice(struct delivery *job, struct error *error)
{
  struct about about;
  struct contact contact = {.email = "", .code = "", .sms = true};
  if (!notice_find(span_of(json_str(job->body, "event"))))
    return 0;
  if (notice_about(job->db, job->body, &job->arena, &about, error))
    return -1;
  if (about.gone)
    return 0;
  if (*about.account && contact_read(job->db, about.account, &job->arena, &contact, error))
    return -1;
  json_t *data = json_deep_copy(job->body);
  (void)json_object_set_new(data, "channels", channels_of(job, &about, &contact));
  if (about.hall) {
    (void)json_object_set_new(data, "hall", json_string(about.hall));
    (void)json_object_set_new(data, "zone", json_string(about.zone));
  }
  return tell(job, aggregate_id_from("notice", job->id), "tell", "tell", data, error);
}

static int notice_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  struct notices *notices = context;
  bool any = notices->office.url || notices->hook; /* a way to tell anybody */
  return any ? run(notices, delivery_id, body, make_notice, error) : 0;
}

/* ---- one channel ---- */

/* What it says: Chinese first, then English. */
struct said {
  const char *subject[LANG_COUNT], *text[LANG_COUNT];
};

static struct said say_it(struct delivery *job, const struct about *about)
{
  const struct notice_words *words = notice_find(span_of(json_str(job->body, "event")));
  struct said said;
  for (int l = 0; l < LANG_COUNT; l++) {
    struct request rq = {.lang = (enum language)l, .arena = &job->arena}; /* only to have words in that language */
    const char *what = say(&rq, about->what.zh, about->what.en);
    said.subject[l] = trf(&rq, words->subject, what);
    said.text[l] = trf(&rq, words->text, what, about->which, about->on == DAY_NONE ? "–" : day_words(&rq, about->on));
  }
  return said;
}

static const char *link_of(struct delivery *job, const struct about *about)
{
  const char *site = notices_of(job)->options.site;
  return arena_printf(&job->arena, "%s%s", site ? site : "", about->page);
}

static int by_mail(struct delivery *job, const struct about *about, const struct said *said, struct error *error)
{
  struct contact contact;
  if (contact_read(job->db, about->account, &job->arena, &contact, error))
    return -1;
  if (!*contact.email || *contact.code)
    return error_set(error, ERROR_RULE, "no-address", "没有已确认的电子邮箱", "There is no confirmed address any more");
  const struct mail mail = {
      .to = contact.email,
      .from = notices_of(job)->options.mail_from,
      .subject = arena_printf(&job->arena, "%s · %s", said->subject[LANG_ZH], said->subject[LANG_EN]),
      .text = arena_printf(&job->arena, "%s\n%s\n\n%s\n", said->text[LANG_ZH], said->text[LANG_EN], link_of(job, about)),
      .id = arena_printf(&job->arena, "notice.%s", job->id),
      .at = moment_now()};
  return mail_send(&notices_of(job)->office, &job->arena, &mail, error);
}

static int by_hook(struct delivery *job, const struct about *about, const struct said *said, enum notice_channel channel,
                   struct error *error)
{
  struct gateway_answer answer;
  struct buf buf;
  buf_init(&buf, 16384);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_str(&w, "channel", notice_channels[channel]);
  json_put_str(&w, "to", channel == NOTICE_SMS ? about->phone : about->account);
  json_put_str(&w, "template", json_str(job->body, "event"));
  json_put_str(&w, "number", about->number);
  json_put_str(&w, "zh", said->text[LANG_ZH]);
  json_put_str(&w, "en", said->text[LANG_EN]);
  json_put_str(&w, "link", link_of(job, about));
  json_end(&w);
  int bad = gateway_post(notices_of(job)->hook, "", job->id, buf_view(&buf), &job->arena, &answer, error);
  buf_release(&buf);
  if (bad || (answer.status >= 200 && answer.status <= 299))
    return bad;
  if (answer.status >= 400 && answer.status < 500 && answer.status != 408 && answer.status != 429)
    return error_set(error, ERROR_RULE, "gateway-refused", "消息网关拒绝：HTTP %d", "The message gateway refused: HTTP %d",
                     answer.status);
  return error_set(error, ERROR_BUSY, "gateway", "消息网关答复 HTTP %d", "The message gateway answered HTTP %d", answer.status);
}

static int read_states(struct delivery *job, struct told *ret, struct error *error)
{
  static const struct kind *const kinds[] = {&notice_kind, NULL};
  struct event *events;
  size_t n;
  int bad = 0;
  if (engine_history(job->db, kinds, json_int(job->body, "notice"), &job->arena, &events, &n, error))
    return -1;
  for (size_t i = 0; i < n && !bad; i++)
    bad = notice_kind.evolve(ret, &job->arena, &events[i]);
  history_free(events, n);
  return bad ? error_set(error, ERROR_INTERNAL, "unknown-event", "通知的历史中有本程序不认识的记录",
                         "The history has an event this program does not know")
             : 0;
}

static int record(struct delivery *job, const struct told *t, const char *type, enum notice_channel channel, const char *why,
                  struct error *error)
{
  return tell(job, t->id, type, arena_printf(&job->arena, "%s-%s", type, notice_channels[channel]),
              json_pack("{s:s,s:s}", "channel", notice_channels[channel], "why", why), error);
}

/* It is tried again, unless that has gone on for too long. */
static int put_off(struct delivery *job, const struct told *t, enum notice_channel channel, const struct error *why,
                   struct error *error)
{
  struct outcome outcome;
  json_t *data = json_pack("{s:s,s:s}", "channel", notice_channels[channel], "why", why->name);
  int bad = delivery_tell(job->engine, &notice_kind, t->id, "put-off", "", data, &outcome, error);
  if (bad || outcome.seq)
    return bad;
  *error = *why;
  return -1;
}

static int send_by(struct delivery *job, enum notice_channel channel, struct error *error)
{
  struct told t = {0};
  struct about about;
  struct error why = {0};
  if (read_states(job, &t, error))
    return -1;
  if (t.states[channel] != NOTICE_QUEUED)
    return 0; /* sent, and we stopped before the message was crossed out */
  if (notice_about(job->db, job->body, &job->arena, &about, &why) == 0) {
    if (about.gone)
      return record(job, &t, "failed", channel, about.gone, error);
    if (*t.visit)
      about.what = t.place;
    const struct said said = say_it(job, &about);
    (void)(channel == NOTICE_EMAIL ? by_mail(job, &about, &said, &why) : by_hook(job, &about, &said, channel, &why));
  }
  if (!why.code)
    return record(job, &t, "sent", channel, "", error);
  if (why.code != ERROR_BUSY && why.code != ERROR_INTERNAL)
    return record(job, &t, "failed", channel, why.name, error);
  return put_off(job, &t, channel, &why, error);
}

static int send_email(struct delivery *job, struct error *error)
{
  return send_by(job, NOTICE_EMAIL, error);
}

static int email_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, send_email, error);
}

static int send_sms(struct delivery *job, struct error *error)
{
  return send_by(job, NOTICE_SMS, error);
}

static int sms_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, send_sms, error);
}

static int send_wechat(struct delivery *job, struct error *error)
{
  return send_by(job, NOTICE_WECHAT, error);
}

static int wechat_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, send_wechat, error);
}

/* The code that confirms an address; a refusal for good means that the address is none. */
static int send_code(struct delivery *job, struct error *error)
{
  struct notices *notices = notices_of(job);
  struct error why = {0};
  const char *code = json_str(job->body, "code");
  if (!notices->office.url)
    return 0;
  const struct mail mail = {
      .to = json_str(job->body, "email"),
      .from = notices->options.mail_from,
      .subject = "邮箱确认码 · Your code",
      .text = arena_printf(&job->arena, "您的邮箱确认码：%s\nThe code that confirms your address: %s\n", code, code),
      .id = arena_printf(&job->arena, "code.%s", job->id),
      .at = moment_now()};
  (void)mail_send(&notices->office, &job->arena, &mail, &why);
  if (why.code != ERROR_BUSY)
    return 0;
  *error = why;
  return -1;
}

static int code_out(void *context, const char *delivery_id, struct span body, struct error *error)
{
  return run(context, delivery_id, body, send_code, error);
}

size_t notices_outlets(struct notices *notices, struct outlet *ret)
{
  size_t n = 0;
  ret[n++] = (struct outlet){"notice", notice_out, notices};
  ret[n++] = (struct outlet){notice_topics[NOTICE_EMAIL], email_out, notices};
  ret[n++] = (struct outlet){notice_topics[NOTICE_SMS], sms_out, notices};
  ret[n++] = (struct outlet){notice_topics[NOTICE_WECHAT], wechat_out, notices};
  ret[n++] = (struct outlet){NOTICE_CODE_TOPIC, code_out, notices};
  return n;
}
