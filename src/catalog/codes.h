/*
 * codes.h: the check digits of the identifiers that people and departments bring.
 */
#ifndef ONEVISIT_CATALOG_CODES_H
#define ONEVISIT_CATALOG_CODES_H

#include "base/moment.h"

bool uscc_valid(struct span code);      /* 统一社会信用代码, GB 32100-2015, with the inner organisation code GB 11714 */
char uscc_check(struct span first17);   /* '\0' for a character outside the alphabet */
bool org_code_valid(struct span code9); /* GB 11714 */

/* 公民身份号码 GB 11643-1999: shape, date of birth not after today, check digit. */
bool citizen_id_valid(struct span id, day today);
day citizen_id_born(struct span id); /* of a valid one */
bool citizen_id_female(struct span id);

/* ISO 7064 MOD 37,36 over 0-9 A-Z: '\0' for another character. For certificate identifiers (GB/T 36904). */
char mod3736_check(struct span s);

/* 基本编码 12, 实施编码 31, 业务办理项编码 33, by layout and, where a USCC is inside, by its check digits. */
bool basic_code_valid(struct span code);
bool implementation_code_valid(struct span code);
bool handling_code_valid(struct span code);

/* 投资项目代码 GB/T 40058-2021: shape only, the standard's check digit is not published. */
bool project_code_valid(struct span code);

#endif
