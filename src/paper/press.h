/*
 * press.h: setting sheets as PDF (cairo and pango), in the manner of GB/T 9704: issuer in red, number, rule, title, body.
 *
 * The same sheets, the same fonts and the same libraries give the same bytes: dates come from the events, the fonts are
 * exactly the files named here whatever else the machine has, and nothing is hinted for a device. a fingerprint of both stands
 * in the record of each paper (press_layout()), so that another machine can say that its bytes would differ.
 */
#ifndef ONEVISIT_PAPER_PRESS_H
#define ONEVISIT_PAPER_PRESS_H

#include "paper/paper.h"

struct press;

/* Finds the fonts; they are read at first use. Error paper-fonts: which package is missing. Safe to use from several threads. */
int press_open(struct press **ret, struct error *error);
void press_close(struct press *press);

/* «1.3f9c2a1b»: layout and fingerprint of fonts and libraries; lives as long as the press. */
const char *press_layout(const struct press *press);

/*
 * One PDF of n sheets (at least one), each with pages counted by itself. site: where papers are checked, for sheets that do
 * not say; "" prints no QR code for them. Errors: paper-fonts, paper-too-large.
 */
int press_set(struct press *press, const struct sheet *sheets, size_t n, const char *site, struct buf *ret, struct error *error);

/* «https://…/paper?code=…»: what the QR code says. */
char *press_link(struct arena *arena, const char *site, const struct sheet *sheet);

#endif
