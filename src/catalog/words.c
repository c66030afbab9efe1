/*
 * words.c: the code lists: one table a list feeds reading, checking and the words that people see.
 */
#include "catalog/read.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define VOCABULARY(name, ...)                                                                                                      \
  static const struct vocabulary_word name##_words_[] = {__VA_ARGS__};                                                             \
  const struct vocabulary name = {name##_words_, COUNT(name##_words_)}

_Static_assert(sizeof(enum item_kind) == sizeof(int) && sizeof(enum level) == sizeof(int), "enums are read as int");

/* 事项类型, GB/T 39046-2020 A.1 */
VOCABULARY(item_kinds, {"licence", ITEM_LICENCE, {"行政许可", "administrative licence"}, 1},
           {"confirmation", ITEM_CONFIRMATION, {"行政确认", "administrative confirmation"}, 7},
           {"benefit", ITEM_BENEFIT, {"行政给付", "benefit"}, 5}, {"reward", ITEM_REWARD, {"行政奖励", "reward"}, 8},
           {"adjudication", ITEM_ADJUDICATION, {"行政裁决", "adjudication"}, 9}, {"levy", ITEM_LEVY, {"行政征收", "levy"}, 4},
           {"inspection", ITEM_INSPECTION, {"行政检查", "inspection"}, 6},
           {"other-power", ITEM_OTHER_POWER, {"其他行政权力", "other administrative power"}, 10},
           {"public-service", ITEM_PUBLIC_SERVICE, {"公共服务", "public service"}, 20});

/* 行使层级, A.2 */
VOCABULARY(levels, {"nation", LEVEL_NATION, {"国家级", "national"}, 1}, {"province", LEVEL_PROVINCE, {"省级", "provincial"}, 2},
           {"city", LEVEL_CITY, {"市级", "city"}, 3}, {"county", LEVEL_COUNTY, {"县级", "county"}, 4},
           {"town", LEVEL_TOWN, {"镇（乡、街道）级", "town or street"}, 5},
           {"village", LEVEL_VILLAGE, {"村（社区）级", "village"}, 6});

VOCABULARY(channels, {"online", CHANNEL_ONLINE, {"网上", "online"}}, {"mobile", CHANNEL_MOBILE, {"手机", "mobile"}},
           {"window", CHANNEL_WINDOW, {"窗口", "window"}}, {"kiosk", CHANNEL_KIOSK, {"自助终端", "kiosk"}});
VOCABULARY(deliveries, {"e-certificate", DELIVERY_E_CERTIFICATE, {"电子证照", "electronic certificate"}},
           {"courier", DELIVERY_COURIER, {"快递", "courier"}}, {"window", DELIVERY_WINDOW, {"窗口领取", "window"}});
VOCABULARY(material_kinds, {"certificate", 0, {"证照", "certificate"}}, {"form", 1, {"申请表", "form"}},
           {"proof", 2, {"证明", "proof"}}, {"plan", 3, {"图纸方案", "plan"}}, {"photo", 4, {"照片", "photo"}},
           {"report", 5, {"报告", "report"}}, {"contract", 6, {"合同协议", "contract"}}, {"list", 7, {"清单", "list"}},
           {"other", 8, {"其他", "other"}});
VOCABULARY(sharings, {"no", SHARED_NO, {"不予共享", "not shared"}},
           {"conditional", SHARED_CONDITIONAL, {"有条件共享", "shared on conditions"}},
           {"unconditional", SHARED_UNCONDITIONAL, {"无条件共享", "shared"}});
VOCABULARY(sources, {"applicant", FROM_APPLICANT, {"申请人", "applicant"}},
           {"government", FROM_GOVERNMENT, {"政府部门", "government"}},
           {"result", FROM_RESULT, {"其他事项的结果", "result of another item"}},
           {"zone", FROM_ZONE, {"区域评估", "zone assessment"}});
VOCABULARY(presences, {"identity", WHY_IDENTITY, {"核验身份", "proving identity"}},
           {"original", WHY_ORIGINAL, {"核验原件", "showing an original"}},
           {"signature", WHY_SIGNATURE, {"当面签字", "signing in person"}},
           {"examination", WHY_EXAMINATION, {"到场检查或考试", "being examined"}},
           {"pick-up", WHY_PICK_UP, {"领取结果", "picking up the result"}});
VOCABULARY(step_kinds, {"review", 0, {"审查", "review"}}, {"site-visit", 1, {"现场踏勘", "site visit"}},
           {"decide", 2, {"决定", "decision"}}, {"opinion", 3, {"征求意见", "opinion"}},
           {"publicity", 4, {"公示", "public notice"}}, {"meeting", 5, {"会审", "meeting"}},
           {"examination", 6, {"检查考试", "examination"}}, {"inspection", 7, {"检验", "inspection"}},
           {"testing", 8, {"检测", "testing"}}, {"quarantine", 9, {"检疫", "quarantine"}}, {"appraisal", 10, {"鉴定", "appraisal"}},
           {"expert-review", 11, {"专家评审", "expert review"}}, {"hearing", 12, {"听证", "hearing"}},
           {"tender", 13, {"招标", "tender"}}, {"auction", 14, {"拍卖", "auction"}},
           {"plan", 15, {"编制方案", "drawing up a plan"}}, {"construction", 16, {"施工", "construction"}},
           {"installation", 17, {"安装", "installation"}});
VOCABULARY(roles, {"lead", 0, {"主办", "lead"}}, {"assist", 1, {"协办", "assist"}});
VOCABULARY(clocks, {"counted", 0, {"计入时限", "counted"}}, {"excluded", 1, {"不计入时限", "not counted"}});
VOCABULARY(audiences, {"enterprise", FOR_ENTERPRISE, {"企业", "enterprises"}}, {"person", FOR_PERSON, {"个人", "persons"}},
           {"project", FOR_PROJECT, {"投资项目", "investment projects"}});
VOCABULARY(question_types, {"boolean", ASK_BOOLEAN, {"是否", "yes or no"}}, {"number", ASK_NUMBER, {"数", "number"}},
           {"choice", ASK_CHOICE, {"选择", "choice"}});
VOCABULARY(field_types, {"text", FIELD_TEXT, {"文字", "text"}}, {"number", FIELD_NUMBER, {"数", "number"}},
           {"date", FIELD_DATE, {"日期", "date"}}, {"choice", FIELD_CHOICE, {"选择", "choice"}},
           {"boolean", FIELD_BOOLEAN, {"是否", "yes or no"}});
/* the eight zones of the hall */
VOCABULARY(hall_zones, {"construction", 0, {"基本建设项目", "construction projects"}},
           {"registration", 1, {"商事登记", "business registration"}}, {"commerce", 2, {"商贸服务", "trade services"}},
           {"real-estate", 3, {"不动产登记", "real-estate registration"}}, {"police", 4, {"公安服务", "police services"}},
           {"transport", 5, {"交通运输", "transport"}}, {"foreign", 6, {"涉外事务", "foreign affairs"}},
           {"social", 7, {"社会民生事务", "social affairs"}});
/* regional assessments: six core ones and four more (Zhejiang, 2019) */
VOCABULARY(assessments, {"environment", 0, {"规划环评", "environment"}}, {"energy", 1, {"节能评估", "energy"}},
           {"mineral", 2, {"压覆矿产", "mineral overlay"}}, {"geology", 3, {"地质灾害", "geological hazard"}},
           {"soil-water", 4, {"水土保持", "soil and water"}}, {"flood", 5, {"洪水影响", "flood"}},
           {"water-resource", 6, {"水资源论证", "water resources"}}, {"lightning", 7, {"雷电灾害", "lightning"}},
           {"seismic", 8, {"地震安全", "seismic safety"}}, {"heritage", 9, {"文物保护", "heritage"}});

static const struct vocabulary_word *by_value(const struct vocabulary *v, int value)
{
  for (size_t i = 0; i < v->n; i++) {
    if (v->words[i].value == value)
      return &v->words[i];
  }
  return &v->words[0];
}

static struct words by_word(const struct vocabulary *v, const char *word)
{
  for (size_t i = 0; word && i < v->n; i++) {
    if (strcmp(v->words[i].word, word) == 0)
      return v->words[i].name;
  }
  return (struct words){word ? word : "", word ? word : ""};
}

struct words item_kind_words(enum item_kind kind)
{
  return by_value(&item_kinds, (int)kind)->name;
}

int item_kind_code(enum item_kind kind)
{
  return by_value(&item_kinds, (int)kind)->code;
}

struct words level_words(enum level level)
{
  return by_value(&levels, (int)level)->name;
}

struct words step_words(const char *step)
{
  return by_word(&step_kinds, step);
}

struct words presence_words(enum presence_why why)
{
  return by_value(&presences, (int)why)->name;
}

struct words material_kind_words(const char *kind)
{
  return by_word(&material_kinds, kind);
}
