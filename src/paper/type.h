/*
 * type.h: setting sheets as PDF (cairo and pango), in the manner of GB/T 9704: issuer in red, number, rule, title, body.
 *
 * The same sheets, the same fonts and the same libraries give the same bytes: dates come from the events, the fonts are
 * exactly the files named here whatever else the machine has, and nothing is hinted for a device. fingerprint() of both stands
 * in the record of each paper (type_layout()), so that another machine can say that its bytes would differ.
 */
#ifndef ONEVISIT_PAPER_TYPE_H
#define ONEVISIT_PAPER_TYPE_H

#include "paper/paper.h"

struct type;

/* Finds the fonts; they are read at first use. Error paper-fonts: which package is missing. Safe to use from several threads. */
int type_open(struct type **ret, struct error *error);
void type_close(struct type *type);

/* «1.3f9c2a1b»: layout and fingerprint of fonts and libraries; lives as long as the type. */
const char *type_layout(const struct type *type);

/*
 * One PDF of n sheets (at least one), each with pages counted by itself. site: where papers are checked, for sheets that do
 * not say; "" prints no QR code for them. Errors: paper-fonts, paper-too-large.
 */
int type_set(struct type *type, const struct sheet *sheets, size_t n, const char *site, struct buf *ret, struct error *error);

/* «https://…/paper?code=…»: what the QR code says. */
char *type_link(struct arena *arena, const char *site, const struct sheet *sheet);

#endif
