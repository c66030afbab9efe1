/*
 * words.c: the code lists: one table a list feeds reading, checking and the words that people see.
 */
#include "catalog/read.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define VOCABULARY(name, ...)                                                                                                      \
  static const struct vocabulary_word name##_words_[] = {__VA_ARGS__};                                                             \
  const struct vocabulary name = {name##_words_, COUNT(name##_words_)}

_Static_assert(sizeof(enum item_kind) == sizeof(int) && sizeof(enum level) == sizeof(int) && sizeof(enum feel_hit) == sizeof(int),
               "enums are read as int");

/* 事项类型, GB/T 39046-2020 A.1 */
VOCABULARY(item_kinds, {"licence", ITEM_LICENCE, 1, {"行政许可", "administrative licence"}},
           {"confirmation", ITEM_CONFIRMATION, 7, {"行政确认", "administrative confirmation"}},
           {"benefit", ITEM_BENEFIT, 5, {"行政给付", "benefit"}}, {"reward", ITEM_REWARD, 8, {"行政奖励", "reward"}},
           {"adjudication", ITEM_ADJUDICATION, 9, {"行政裁决", "adjudication"}}, {"levy", ITEM_LEVY, 4, {"行政征收", "levy"}},
           {"inspection", ITEM_INSPECTION, 6, {"行政检查", "inspection"}},
           {"other-power", ITEM_OTHER_POWER, 10, {"其他行政权力", "other administrative power"}},
           {"public-service", ITEM_PUBLIC_SERVICE, 20, {"公共服务", "public service"}});

/* 行使层级, A.2 */
VOCABULARY(levels, {"nation", LEVEL_NATION, 1, {"国家级", "national"}}, {"province", LEVEL_PROVINCE, 2, {"省级", "provincial"}},
           {"city", LEVEL_CITY, 3, {"市级", "city"}}, {"county", LEVEL_COUNTY, 4, {"县级", "county"}},
           {"town", LEVEL_TOWN, 5, {"镇（乡、街道）级", "town or street"}},
           {"village", LEVEL_VILLAGE, 6, {"村（社区）级", "village"}});

VOCABULARY(channels, {"online", CHANNEL_ONLINE, 0, {"网上", "online"}}, {"mobile", CHANNEL_MOBILE, 0, {"手机", "mobile"}},
           {"window", CHANNEL_WINDOW, 0, {"窗口", "window"}}, {"kiosk", CHANNEL_KIOSK, 0, {"自助终端", "kiosk"}});
VOCABULARY(deliveries, {"e-certificate", DELIVERY_E_CERTIFICATE, 0, {"电子证照", "electronic certificate"}},
           {"courier", DELIVERY_COURIER, 0, {"快递", "courier"}}, {"window", DELIVERY_WINDOW, 0, {"窗口领取", "window"}});
VOCABULARY(material_kinds, {"certificate", 0, 0, {"证照", "certificate"}}, {"form", 1, 0, {"申请表", "form"}},
           {"proof", 2, 0, {"证明", "proof"}}, {"plan", 3, 0, {"图纸方案", "plan"}}, {"photo", 4, 0, {"照片", "photo"}},
           {"report", 5, 0, {"报告", "report"}}, {"contract", 6, 0, {"合同协议", "contract"}}, {"list", 7, 0, {"清单", "list"}},
           {"other", 8, 0, {"其他", "other"}});
VOCABULARY(sharings, {"no", SHARED_NO, 0, {"不予共享", "not shared"}},
           {"conditional", SHARED_CONDITIONAL, 0, {"有条件共享", "shared on conditions"}},
           {"unconditional", SHARED_UNCONDITIONAL, 0, {"无条件共享", "shared"}});
VOCABULARY(sources, {"applicant", FROM_APPLICANT, 0, {"申请人", "applicant"}},
           {"government", FROM_GOVERNMENT, 0, {"政府部门", "government"}},
           {"result", FROM_RESULT, 0, {"其他事项的结果", "result of another item"}},
           {"zone", FROM_ZONE, 0, {"区域评估", "zone assessment"}});
VOCABULARY(presences, {"identity", WHY_IDENTITY, 0, {"核验身份", "proving identity"}},
           {"original", WHY_ORIGINAL, 0, {"核验原件", "showing an original"}},
           {"signature", WHY_SIGNATURE, 0, {"当面签字", "signing in person"}},
           {"examination", WHY_EXAMINATION, 0, {"到场检查或考试", "being examined"}},
           {"pick-up", WHY_PICK_UP, 0, {"领取结果", "picking up the result"}});
VOCABULARY(step_kinds, {"review", 0, 0, {"审查", "review"}}, {"site-visit", 1, 0, {"现场踏勘", "site visit"}},
           {"decide", 2, 0, {"决定", "decision"}}, {"opinion", 3, 0, {"征求意见", "opinion"}},
           {"publicity", 4, 0, {"公示", "public notice"}}, {"meeting", 5, 0, {"会审", "meeting"}},
           {"examination", 6, 0, {"检查考试", "examination"}}, {"inspection", 7, 0, {"检验", "inspection"}},
           {"testing", 8, 0, {"检测", "testing"}}, {"quarantine", 9, 0, {"检疫", "quarantine"}},
           {"appraisal", 10, 0, {"鉴定", "appraisal"}}, {"expert-review", 11, 0, {"专家评审", "expert review"}},
           {"hearing", 12, 0, {"听证", "hearing"}}, {"tender", 13, 0, {"招标", "tender"}}, {"auction", 14, 0, {"拍卖", "auction"}},
           {"plan", 15, 0, {"编制方案", "drawing up a plan"}}, {"construction", 16, 0, {"施工", "construction"}},
           {"installation", 17, 0, {"安装", "installation"}});
VOCABULARY(roles, {"lead", 0, 0, {"主办", "lead"}}, {"assist", 1, 0, {"协办", "assist"}});
VOCABULARY(clocks, {"counted", 0, 0, {"计入时限", "counted"}}, {"excluded", 1, 0, {"不计入时限", "not counted"}});
VOCABULARY(audiences, {"enterprise", FOR_ENTERPRISE, 0, {"企业", "enterprises"}}, {"person", FOR_PERSON, 0, {"个人", "persons"}},
           {"project", FOR_PROJECT, 0, {"投资项目", "investment projects"}});
VOCABULARY(hits, {"unique", HIT_UNIQUE, 0, {"唯一", "unique"}}, {"any", HIT_ANY, 0, {"一致", "any"}},
           {"first", HIT_FIRST, 0, {"首条", "first"}});
VOCABULARY(question_types, {"boolean", ASK_BOOLEAN, 0, {"是否", "yes or no"}}, {"number", ASK_NUMBER, 0, {"数", "number"}},
           {"choice", ASK_CHOICE, 0, {"选择", "choice"}});
VOCABULARY(field_types, {"text", FIELD_TEXT, 0, {"文字", "text"}}, {"number", FIELD_NUMBER, 0, {"数", "number"}},
           {"date", FIELD_DATE, 0, {"日期", "date"}}, {"choice", FIELD_CHOICE, 0, {"选择", "choice"}},
           {"boolean", FIELD_BOOLEAN, 0, {"是否", "yes or no"}});
/* the eight zones of the hall */
VOCABULARY(hall_zones, {"construction", 0, 0, {"基本建设项目", "construction projects"}},
           {"registration", 1, 0, {"商事登记", "business registration"}}, {"commerce", 2, 0, {"商贸服务", "trade services"}},
           {"real-estate", 3, 0, {"不动产登记", "real-estate registration"}}, {"police", 4, 0, {"公安服务", "police services"}},
           {"transport", 5, 0, {"交通运输", "transport"}}, {"foreign", 6, 0, {"涉外事务", "foreign affairs"}},
           {"social", 7, 0, {"社会民生事务", "social affairs"}});
/* when a hall is open, and which of its two layouts it uses */
VOCABULARY(openings, {"working-days", 0, 0, {"工作日", "working days"}}, {"every-day", 1, 0, {"每天", "every day"}});
VOCABULARY(hall_layouts, {"after", 0, 0, {"综合受理", "one window"}}, {"before", 1, 0, {"部门分设", "windows of departments"}});
/* regional assessments: six core ones and four more (Zhejiang, 2019) */
VOCABULARY(assessments, {"environment", 0, 0, {"规划环评", "environment"}}, {"energy", 1, 0, {"节能评估", "energy"}},
           {"mineral", 2, 0, {"压覆矿产", "mineral overlay"}}, {"geology", 3, 0, {"地质灾害", "geological hazard"}},
           {"soil-water", 4, 0, {"水土保持", "soil and water"}}, {"flood", 5, 0, {"洪水影响", "flood"}},
           {"water-resource", 6, 0, {"水资源论证", "water resources"}}, {"lightning", 7, 0, {"雷电灾害", "lightning"}},
           {"seismic", 8, 0, {"地震安全", "seismic safety"}}, {"heritage", 9, 0, {"文物保护", "heritage"}});

VOCABULARY(form_groups, {"other", GROUP_OTHER, 0, {"其他", "Other entries"}},
           {"applicant", GROUP_APPLICANT, 0, {"申请人与联系人", "Who applies"}},
           {"company", GROUP_COMPANY, 0, {"企业信息", "The company"}},
           {"premises", GROUP_PREMISES, 0, {"经营场所", "The premises"}},
           {"operation", GROUP_OPERATION, 0, {"经营内容", "What will be done there"}},
           {"facilities", GROUP_FACILITIES, 0, {"设施与安全", "Facilities and safety"}},
           {"project", GROUP_PROJECT, 0, {"投资项目", "The project"}});
VOCABULARY(prefills, {"name", 0, 0, {"姓名", "name"}}, {"id", 1, 0, {"身份号码", "identity number"}},
           {"phone", 2, 0, {"手机", "phone"}});
VOCABULARY(shares, {"project", 0, 0, {"每个项目", "each project"}}, {"package", 1, 0, {"整个项目包", "the whole package"}});
VOCABULARY(cores, {"safety", CORE_SAFETY, 0, {"安全", "safety"}}, {"environment", CORE_ENVIRONMENT, 0, {"环境", "environment"}});
/* the four stages of an investment project (国办发〔2019〕11号) */
VOCABULARY(stages, {"land", 1, 0, {"立项用地规划许可", "Project and land"}},
           {"planning", 2, 0, {"工程建设许可（报建）", "Planning permit for works"}},
           {"construction", 3, 0, {"施工许可", "Permit to start work"}}, {"completion", 4, 0, {"竣工验收", "Completion"}});

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

struct words assessment_words(const char *kind)
{
  return by_word(&assessments, kind);
}

struct words form_group_words(enum form_group group)
{
  return by_value(&form_groups, (int)group)->name;
}

struct words form_group_named(const char *id)
{
  return by_word(&form_groups, id && *id ? id : "other");
}

const char *form_group_id(enum form_group group)
{
  return by_value(&form_groups, (int)group)->word;
}

struct words stage_words(int stage)
{
  return by_value(&stages, stage)->name;
}

struct words material_kind_words(const char *kind)
{
  return by_word(&material_kinds, kind);
}
