0#!/usr/bin/bash
# torchtitan's flags: 64 GPUs, FSDP over 16 with tensor parallelism.
srun -N 8 torchrun --nnodes 8 --nproc_per_node 8 -m torchtitan.train \
    --module llama3 --config llama3_70b \
    --parallelism.tensor_parallel_degree=4 --parallelism.data_parallel_shard_degree -1 \
    --parallelism.enable_async_tensor_parallel --compile.enable \
    --training.local_batch_size 2 --training.global_batch_size 256 --training.seq_len 8192 \
    --activation_checkpoint.mode full --metrics.log_freq 10 --profiling.enable_profiling
