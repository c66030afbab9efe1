/*
 * The sample city: the demonstration hall as if it had been at work for a while. Everything in it is invented.
 */
#include "hall/hall.h"

int hall_sample(struct engine *engine, const struct catalog *catalog, moment now, struct error *error)
{
  (void)engine;
  (void)catalog;
  (void)now;
  (void)error;
  return 0;
}
