export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Hidden command: prints what may stand for the last of its words, a line each. */
export const COMPLETE = '__complete';
/** Hidden command: asks the engine for the ids that the next one completes. */
export const REFRESH = '__refresh';

/** Each asks `dqm` itself, and leaves files to the shell where `dqm` knows nothing. */
export const SHELL_SCRIPTS: Record<Shell, string> = {
  // A colon splits words in bash: what stands before it is on the line already.
  bash: `# dqm completion for bash: source <(dqm completion bash)
_dqm() {
  local line="\${COMP_LINE:0:COMP_POINT}" words current found
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[-1]}"
  local IFS=$'\\n'
  COMPREPLY=()
  for found in $(dqm ${COMPLETE} "\${words[@]:1}" 2>/dev/null); do
    [[ "$current" == *:* ]] && found="\${found#"\${current%"\${current##*:}"}"}"
    COMPREPLY+=("$(printf '%q' "$found")")
  done
}
complete -o default -F _dqm dqm
`,
  zsh: `#compdef dqm
# dqm completion for zsh: source <(dqm completion zsh)
_dqm() {
  local -a found
  found=("\${(@f)$(dqm ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then compadd -a -- found; else _files; fi
}
compdef _dqm dqm
`,
  fish: `# dqm completion for fish: dqm completion fish | source
complete -c dqm -a '(dqm ${COMPLETE} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};
