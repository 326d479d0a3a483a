/**
 * What a shell must be told to complete command lines of `eli`: it asks `eli __complete -- WORD…` and shows the answer, which is
 * a candidate a line, a tab and what it does, and on the last line whether files will do as well.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** Needs nothing of the package bash-completion; bash 4 or newer. */
const bash = `# Completion of eli for bash. In ~/.bashrc:  source <(eli completion bash)
_eli_complete() {
  local line=\${COMP_LINE:0:COMP_POINT} answer candidate before='' last
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  last=\${words[\${#words[@]} - 1]}
  # bash completes what stands behind the last of these only, and so must we.
  case $last in *["@:="]*) before=\${last%"\${last##*["@:="]}"} ;; esac
  case $COMP_WORDBREAKS in *:*) ;; *) before='' ;; esac
  COMPREPLY=()
  answer=$("$1" __complete -- "\${words[@]:1}" 2>/dev/null) || return 0
  while IFS= read -r candidate; do
    case $candidate in
      :files) compopt -o default ;;
      :*) ;;
      *) candidate=\${candidate%%$'\\t'*} && COMPREPLY+=("\${candidate#"$before"}") ;;
    esac
  done <<<"$answer"
  if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _eli_complete eli
`;

const zsh = `#compdef eli
# Completion of eli for zsh. In ~/.zshrc, behind compinit:  source <(eli completion zsh)
# or as a file _eli in a directory of $fpath.
_eli() {
  local line candidate
  local -a lines candidates shown open_candidates open_shown
  local files=0
  lines=("\${(@f)$("\${(Q)words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case $line in
      :files) files=1 ;;
      :*|'') ;;
      *)
        candidate=\${line%%$'\\t'*}
        [[ $line == *$'\\t'* ]] && line="$candidate  -- \${line#*$'\\t'}"
        if [[ $candidate == *= ]]; then
          open_candidates+=("$candidate") open_shown+=("$line")
        else
          candidates+=("$candidate") shown+=("$line")
        fi ;;
    esac
  done
  (( $#candidates )) && compadd -l -d shown -a candidates
  (( $#open_candidates )) && compadd -l -S '' -d open_shown -a open_candidates
  (( files )) && _files
  return 0
}
if [[ \${funcstack[1]} == _eli ]]; then _eli; else compdef _eli eli; fi
`;

const fish = `# Completion of eli for fish. In ~/.config/fish/config.fish:  eli completion fish | source
# or as a file ~/.config/fish/completions/eli.fish
function __eli_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] $last 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $last
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c eli -e
complete -c eli -f -a '(__eli_complete)'
`;

/** The script that a shell reads. */
export const shellScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
