#include "cli/commands.h"
#include <string.h>

/* clang-format off: version 14 cannot align rows whose strings are split */
const struct command commands[COMMANDS] = {
    [COMMAND_SEARCH] = {
        .id = COMMAND_SEARCH,
        .name = "search",
        .operands = "",
        .operand_words = "",
        .summary = "find the fastest strategy of a scenario",
        .about =
            "Evaluates every legal way to split the training step over the GPUs and ranks those "
            "that fit in memory. A strategy option restricts that dimension to its values "
            "(--tp 4,8); the rest is searched, and --open NAME takes in what otherwise stays as the "
            "stack has it. Under the ranking stand what limits the fastest, what each single change "
            "of it would lose, and, where nothing fits, what would make it fit. With several --gpus "
            "it compares clusters.",
        .examples =
            "stepcast search --model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 "
            "--global-batch 1024\n"
            "stepcast search --model gpt3-175b --system dgx-a100 --gpus 64 --seq-length 2048 "
            "--global-batch 64 --precision fp16 --tp 8 --json\n"
            "stepcast search --model llama3-70b --system dgx-h100 --gpus 64:4096 --seq-length 8192 "
            "--global-batch 1024 --tokens 2T --deadline 30d\n",
        .run = search_command,
    },
    [COMMAND_ESTIMATE] = {
        .id = COMMAND_ESTIMATE,
        .name = "estimate",
        .operands = "",
        .operand_words = "",
        .summary = "forecast one strategy: time, memory, where they go",
        .about =
            "Forecasts the step time and the memory of exactly one strategy. What is not given "
            "follows: dp from the number of GPUs, sequence parallelism where tp is over 1, "
            "schedule 1f1b or interleaved, zero 1 where dp is over 1, no recompute, the stack's "
            "attention and overlaps, every other degree 1. Under the forecast of an existing run "
            "(--from) stands what the search would change in it, and what single changes gain.",
        .examples =
            "stepcast estimate --model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 "
            "--global-batch 1024 --tp 4 --pp 4 --vpp 5\n"
            "stepcast estimate --scenario answer.json --tp 8 --pp 4 --explain tp\n"
            "stepcast estimate --from run.sh --system dgx-h100\n",
        .run = estimate_command,
    },
    [COMMAND_SWEEP] = {
        .id = COMMAND_SWEEP,
        .name = "sweep",
        .operands = "",
        .operand_words = "",
        .summary = "vary any input, the strategy optimised anew at every point",
        .about =
            "Varies inputs of the scenario and finds the fastest strategy at every point of the "
            "grid. --vary INPUT=VALUES may be given several times; INPUT is a key of the job, the "
            "gpu, the system (system.tier.scale_out.bandwidth), the stack, or model, system, gpu, "
            "stack themselves; VALUES are a list with commas or FROM:TO:xFACTOR or FROM:TO:+STEP, "
            "a value like 1.2x is relative to the scenario's own, and inputs joined by + move "
            "together. A strategy option restricts that dimension, as in search. stepcast-mpi sweep, "
            "started by mpirun or srun, divides the points over its processes.",
        .examples =
            "stepcast sweep --model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 "
            "--global-batch 1024 --vary gpus=64:1024:x2\n"
            "stepcast sweep --model llama3-70b --system dgx-h100 --gpus 256 --seq-length 8192 "
            "--global-batch 512 --vary system.tier.scale_out.bandwidth=200Gb/s,400Gb/s,800Gb/s "
            "--vary gpu.memory=0.75x,1x,1.5x --csv\n",
        .run = sweep_command,
    },
    [COMMAND_EXPORT] = {
        .id = COMMAND_EXPORT,
        .name = "export",
        .operands = "",
        .operand_words = "",
        .summary = "write a strategy as a script that launches it",
        .about =
            "Writes the fastest strategy that the framework of --to can express, or the strategy of "
            "--from or of an estimate's --scenario, as a Slurm script around the framework's own "
            "configuration. What is written is read back and must give the same strategy; what the "
            "framework cannot express is refused with the reason.",
        .examples =
            "stepcast export --to megatron-lm --model llama3-70b --system dgx-h100 --gpus 512 "
            "--seq-length 8192 --global-batch 1024 -o run.sh\n"
            "stepcast export --to torchtitan --from run.sh --system dgx-h100\n",
        .run = export_command,
    },
    [COMMAND_PLOT] = {
        .id = COMMAND_PLOT,
        .name = "plot",
        .operands = "KIND [FILE...]",
        .operand_words = "breakdown memory roofline scaling pareto heatmap timeline sweep "
                         "tornado collective gemm validation",
        .summary = "draw a figure for a slide, as SVG, PNG or PDF",
        .about =
            "Draws, with gnuplot, from the same numbers that the tables print. breakdown (step "
            "time by term), memory (by kind and pipeline stage), roofline, scaling (strong and "
            "weak), pareto (time against memory and against GPUs), heatmap (two dimensions of the "
            "strategy), timeline (the pipeline schedule) and tornado (sensitivities) draw the "
            "fastest strategy, sweep (step time over inputs) one for every value of --vary; strategy "
            "options restrict them as in search. gemm and collective draw "
            "measured samples of --gpu or --system, validation measured runs. The ending of -o "
            "decides the format. --data writes the numbers, --script the gnuplot commands.",
        .examples =
            "stepcast plot breakdown --model llama3-70b --system dgx-h100 --gpus 512 --seq-length "
            "8192 --global-batch 1024 -o breakdown.svg\n"
            "stepcast plot heatmap --scenario answer.json --x tp --y pp -o heatmap.png --data "
            "heatmap.csv\n"
            "stepcast plot sweep --scenario answer.json --vary gpu.memory=80GiB:288GiB:+32GiB -o "
            "memory.svg\n"
            "stepcast plot gemm --gpu h100-sxm gemm.csv -o gemm.pdf\n"
            "stepcast plot validation -o validation.svg\n",
        .run = plot_command,
    },
    [COMMAND_REPORT] = {
        .id = COMMAND_REPORT,
        .name = "report",
        .operands = "[REPORT...]",
        .operand_words = "",
        .summary = "write a design review: one page with figures, and the numbers as files",
        .about =
            "Finds the fastest strategy and writes a folder: index.html, a page that opens from a "
            "disk and needs nothing from elsewhere (the answer in words, the fastest strategies, "
            "what limits the best, the figures that plot draws, sensitivities, what would change "
            "the answer, every assumption with its source, the command that makes it again), "
            "answer.json for --scenario, the figures as SVG, their numbers as CSV and their gnuplot "
            "scripts. A strategy option restricts that dimension, as in search. --diff compares "
            "two such folders, or two answers as JSON, and with -o writes the comparison as a page.",
        .examples =
            "stepcast report --model llama3-70b --system dgx-h100 --gpus 512 --seq-length 8192 "
            "--global-batch 1024 -o review\n"
            "stepcast report --diff review review-b200 -o change\n",
        .run = report_command,
    },
    [COMMAND_COMPARE] = {
        .id = COMMAND_COMPARE,
        .name = "compare",
        .operands = "LOG",
        .operand_words = "",
        .summary = "a real run's log against its forecast, and why they differ",
        .about =
            "Reads the step times of a training log of Megatron-LM, Megatron-Bridge, NeMo, "
            "torchtitan, MaxText, DeepSpeed, GPT-NeoX, nanotron or Hugging Face's Trainer (with TRL, "
            "axolotl, LLaMA-Factory, ms-swift: the progress bar, trainer_log.jsonl, logging.jsonl, "
            "trainer_state.json) and compares them with the forecast of the strategy that the "
            "log's own arguments, --from, --scenario or flags give. With --kineto, a PyTorch "
            "profiler trace of one rank, term by term. Then it tries what may be set or running "
            "otherwise than the forecast assumes, and names what explains the difference best.",
        .examples =
            "stepcast compare train.log --system dgx-h100\n"
            "stepcast compare train.log --from run.sh --system dgx-h100 --kineto rank0.json\n",
        .run = compare_command,
    },
    [COMMAND_VALIDATE] = {
        .id = COMMAND_VALIDATE,
        .name = "validate",
        .operands = "[CASES.json...] | --gpu NAME SAMPLES.csv...",
        .operand_words = "",
        .summary = "predicted against measured",
        .about =
            "Predicts every case of the files, with the same code that estimate runs, and "
            "compares with what was measured. What cannot be predicted is listed with the "
            "reason (exit 1 if that is all). Without files: published runs, typed from papers, that "
            "the program holds. "
            "With --gpu or --system the files are samples of kernels and collectives, one op a "
            "row, which that machine's profile predicts, or, with --folds 5, fits to the other "
            "shapes, beside a roofline of three constants.",
        .examples =
            "stepcast validate\n"
            "stepcast validate runs/*.json --json -o predicted.json\n"
            "stepcast validate runs/korthikanti22.json --stack untuned\n"
            "stepcast validate --gpu h100-sxm gemm.csv attention.csv\n"
            "stepcast validate --gpu h100-sxm gemm.csv --folds 5\n",
        .run = validate_command,
    },
    [COMMAND_CALIBRATE] = {
        .id = COMMAND_CALIBRATE,
        .name = "calibrate",
        .operands = "run | import LOG... | fit SAMPLES.csv...|CASES.json... | show FILE",
        .operand_words = "run import fit show",
        .summary = "measure this machine, logs into samples, samples into profiles",
        .about =
            "run measures this machine with stepcast-bench into DIR/samples, continuing what is "
            "there, fits DIR/profile.json to it and prints what was reached against the datasheet "
            "and the catalog. "
            "import reads the output of nccl-tests, rccl-tests and nccom-test as it is, text or "
            "JSON, and prints sample CSV with its provenance. A table that names neither its "
            "collective nor its ranks may tell them by its rows; what a log does not tell comes "
            "from --op, --ranks and --dtype. fit --gpu NAME fits the constants of a GPU to samples of "
            "its kernels and of its collectives on one node and writes a gpu file, complete, for "
            "-o FILE; samples that cannot tell a constant are refused with what to measure. "
            "fit --system NAME fits the collectives of a cluster, inside its scale-up domains and "
            "across them, and writes a system file, complete. show prints the constants of a gpu "
            "or a system file with their errors and, with samples, what it makes of them. "
            "fit --stack NAME fits a training stack to your runs of it (the cases that validate "
            "reads, two and more) and prints a stack file for --stack FILE: of a catalog stack "
            "its compute factor, shrunk towards what is shipped, of a stack file what its `fit` "
            "lists. --stack all fits every stack that the cases name anew, as the catalog's are.",
        .examples =
            "stepcast calibrate run -o measured\n"
            "stepcast calibrate import all_reduce.log -o all_reduce.csv\n"
            "stepcast calibrate import old.log --op all_reduce --ranks 16\n"
            "stepcast calibrate fit gemm.csv attention.csv --gpu h100-sxm -o our-h100.json\n"
            "stepcast calibrate show our-h100.json gemm.csv\n"
            "stepcast calibrate fit all_reduce.csv --system dgx-h100 -o our-cluster.json\n"
            "stepcast calibrate show our-cluster.json all_reduce.csv\n"
            "stepcast calibrate fit --stack megatron-core our-runs.json -o our-stack.json\n",
        .run = calibrate_command,
    },
    [COMMAND_LIST] = {
        .id = COMMAND_LIST,
        .name = "list",
        .operands = "[models|gpus|systems|stacks]",
        .operand_words = "models gpus systems stacks",
        .summary = "list what the catalogs hold",
        .about =
            "Lists the names that --model, --gpu, --system and --stack take, with their main "
            "figures.",
        .examples = "stepcast list models\nstepcast list gpus --json\n",
        .run = list_command,
    },
    [COMMAND_SHOW] = {
        .id = COMMAND_SHOW,
        .name = "show",
        .operands = "model|gpu|system|stack NAME",
        .operand_words = "model gpu system stack",
        .summary = "show one description and its sources",
        .about =
            "Shows what is known of a model, gpu, system or stack: every figure with its unit "
            "and where it comes from.",
        .examples = "stepcast show model llama3-70b\nstepcast show gpu h100-sxm --json\n",
        .run = show_command,
    },
    [COMMAND_SUPPORT] = {
        .id = COMMAND_SUPPORT,
        .name = "support",
        .operands = "",
        .operand_words = "",
        .summary = "is there calibrated data for this gpu, system, datatype?",
        .about =
            "Tells, by machine and datatype, whether the constants that price a step are measured "
            "on that machine, transferred from another one or assumed. With --gpu or --system: "
            "every part with its error, date and source; exit 1 if nothing of it is measured, or "
            "if it does not compute in that datatype.",
        .examples =
            "stepcast support\n"
            "stepcast support --gpu h200-sxm --precision fp8\n"
            "stepcast support --system dgx-h100 --json\n",
        .run = support_command,
    },
    [COMMAND_COMPLETION] = {
        .id = COMMAND_COMPLETION,
        .name = "completion",
        .operands = "bash|zsh|fish",
        .operand_words = "bash zsh fish",
        .summary = "print a completion script for a shell",
        .about = "Prints a script that completes commands, options and names in that shell.",
        .examples =
            "source <(stepcast completion bash)\n"
            "stepcast completion fish -o ~/.config/fish/completions/stepcast.fish\n",
        .run = completion_command,
    },
    [COMMAND_HELP] = {
        .id = COMMAND_HELP,
        .name = "help",
        .operands = "[COMMAND|man]",
        .operand_words = "man",
        .summary = "show the help of a command, or the manual page",
        .about = "Shows the overview, the help of one command, or the whole manual page in mdoc.",
        .examples = "stepcast help search\nstepcast help man | man -l -\n",
        .run = help_command,
    },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}
