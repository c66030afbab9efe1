/* Credit records of the city's people: what the city knows of them from the events, and what has to hold. */
#include "city.h"

#include <string.h>

#include "credit/credit.h"

const char *const city_people[PEOPLE] = {"person:a", "person:b", "person:c", "person:d"};

const char *records_subject(int person)
{
  static char hex[PEOPLE][2 * DIGEST_BYTES + 1];
  if (!*hex[person]) {
    struct digest digest = sha256(span_of(city_people[person]));
    hex_encode(digest.b, DIGEST_BYTES, hex[person]);
  }
  return hex[person];
}

int64_t records_id(int person)
{
  return credit_id(records_subject(person));
}

int records_person(int64_t id)
{
  for (int i = 0; i < PEOPLE; i++)
    if (records_id(i) == id)
      return i;
  return -1;
}

static int person_of(const char *account)
{
  for (int i = 0; i < PEOPLE; i++)
    if (strcmp(city_people[i], account) == 0)
      return i;
  return -1;
}

bool records_bar(const char *account)
{
  int i = person_of(account);
  return i >= 0 && city->records[i].stands;
}

/* One record stands at a time, it is appealed once, and whoever made it neither answers nor repairs. */
void records_event(const struct event *e)
{
  struct record *r = &city->records[records_person(e->id)];
  bool marks = strcmp(e->type, "marked") == 0, other = strcmp(e->actor.id, r->by) != 0;
  HOLDS(r->stands != marks, e->id);
  if (marks) {
    HOLDS(strcmp(e->actor.role, "supervisor") == 0 && strlen(e->actor.id) < sizeof r->by, e->id);
    *r = (struct record){.stands = true};
    (void)strncpy(r->by, e->actor.id, sizeof r->by - 1);
  } else if (strcmp(e->type, "appealed") == 0) {
    HOLDS(!r->appealed && (strcmp(e->actor.role, "clerk") == 0 || person_of(e->actor.id) == records_person(e->id)), e->id);
    r->appealed = r->waits = true;
  } else if (strcmp(e->type, "answered") == 0) {
    HOLDS(r->waits && other && strcmp(e->actor.role, "supervisor") == 0, e->id);
    r->stands = json_flag(e->data, "upheld");
    r->waits = false;
  } else {
    HOLDS(strcmp(e->type, "repaired") == 0 && other && strcmp(e->actor.role, "supervisor") == 0, e->id);
    r->stands = r->waits = false;
  }
}

/* What the room answers is what the events say. */
bool records_barred(struct db *db, const char *account)
{
  struct error error = {0};
  bool barred = false;
  int i = person_of(account);
  if (i < 0)
    return false;
  if (credit_barred(db, records_subject(i), &barred, &error))
    city_broken(records_id(i), "a credit record cannot be read: %s", error.en);
  HOLDS(barred == city->records[i].stands, records_id(i));
  return barred;
}
