0#!/bin/sh
# DeepSeek-V3 as its authors' dimensions say, on 32 nodes of 8.
srun -N 32 --ntasks-per-node=8 --gpus-per-node=8 python pretrain_gpt.py \
    --num-layers 61 --hidden-size 7168 --ffn-hidden-size 18432 --num-attention-heads 128 \
    --multi-latent-attention --q-lora-rank 1536 --kv-lora-rank 512 --qk-head-dim 128 \
    --qk-pos-emb-head-dim 64 --v-head-dim 128 --qk-layernorm \
    --num-experts 256 --moe-layer-freq '([0]*3+[1]*58)' --moe-ffn-hidden-size 2048 \
    --moe-shared-expert-intermediate-size 2048 --moe-router-topk 8 \
    --moe-router-enable-expert-bias --moe-router-num-groups 8 --moe-router-group-topk 4 --mtp-num-layers 1 \
    --moe-router-score-function sigmoid --moe-router-load-balancing-type seq_aux_loss \
    --normalization RMSNorm --swiglu --disable-bias-linear --untie-embeddings-and-output-weights \
    --position-embedding-type rope --max-position-embeddings 163840 --seq-length 4096 \
    --vocab-size 129280 --hidden-dropout 0 --attention-dropout 0 \
    --micro-batch-size 1 --global-batch-size 2048 \
    --bf16 --fp8-format e4m3 --fp8-recipe blockwise \
    --tensor-model-parallel-size 2 --pipeline-model-parallel-size 8 \
    --pipeline-model-parallel-layout 'Et*4|(t*4|)*14tmL' \
    --expert-model-parallel-size 32 --expert-tensor-parallel-size 1 --sequence-parallel \
    --moe-token-dispatcher-type flex --moe-enable-deepep --moe-grouped-gemm \
    --recompute-granularity selective --recompute-modules mla_up_proj moe_act layernorm \
    --use-distributed-optimizer --overlap-grad-reduce --overlap-moe-expert-parallel-comm \
    --cross-entropy-loss-fusion --lr 2.2e-4
