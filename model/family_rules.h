#ifndef MODEL_FAMILY_RULES_H
#define MODEL_FAMILY_RULES_H
#include "model/reader.h"

/* Rules of single families that traits cannot say: each turns what the file gives (r->config,
 * r->traits) into what the rest of the reader expects. */
enum status adjust_dbrx(struct reader *r);
enum status adjust_dense(struct reader *r);
enum status adjust_ernie(struct reader *r);
enum status adjust_falcon(struct reader *r);
enum status adjust_falcon_h1(struct reader *r);
enum status adjust_gemma4(struct reader *r);
enum status adjust_granite_hybrid(struct reader *r);
enum status adjust_internlm(struct reader *r);
enum status adjust_kimi_linear(struct reader *r);
enum status adjust_lfm2(struct reader *r);
enum status adjust_lightning(struct reader *r);
enum status adjust_llama4(struct reader *r);
enum status adjust_minicpm(struct reader *r);
enum status adjust_minimax(struct reader *r);
enum status adjust_mpt(struct reader *r);
enum status adjust_multi_query(struct reader *r);
enum status adjust_nemotron_h(struct reader *r);
enum status adjust_olmo_hybrid(struct reader *r);
enum status adjust_opt(struct reader *r);
enum status adjust_qwen(struct reader *r);

#endif
