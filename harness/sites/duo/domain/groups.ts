/** Groups of users, as OIDC hands them to applications. */
import { DomainError, required } from './error.ts';
import { newId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import { getUser } from './users.ts';

export interface Group {
  /** `DG` and 18 more. */
  readonly groupId: string;
  readonly name: string;
  readonly description: string;
  readonly memberCount: number;
}

interface GroupRow {
  group_id: string;
  name: string;
  description: string;
  member_count: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const NAME = /^[^\x00-\x1f\x7f]{1,100}$/;
const SELECT = `SELECT group_id, name, description,
  (SELECT count(*) FROM group_members m WHERE m.group_id = g.group_id) AS member_count FROM groups g`;

/** @throws DomainError `malformed`, `taken` */
export async function createGroup(tenant: Tenant, group: { name: string; description?: string }): Promise<Group> {
  const name = group.name.trim();
  if (!NAME.test(name)) throw new DomainError('malformed', 'A group has a name of 1 to 100 characters.', 'name');
  return tenant.database.write(() => {
    if (tenant.database.one('SELECT 1 FROM groups WHERE name = ?', name) !== undefined) {
      throw new DomainError('taken', `There is a group ${name} already.`, 'name');
    }
    const groupId = newId(tenant, 'DG');
    const sql = 'INSERT INTO groups (group_id, name, description, created_at) VALUES (?, ?, ?, ?)';
    tenant.database.run(sql, groupId, name, group.description?.trim() ?? '', tenant.now());
    return getGroup(tenant, groupId);
  });
}

/** @throws DomainError `not_found` */
export function getGroup(tenant: Tenant, groupId: string): Group {
  const row = tenant.database.one<GroupRow>(`${SELECT} WHERE group_id = ?`, groupId);
  return fromRow(required(row, `group ${JSON.stringify(groupId)}`));
}

export function listGroups(tenant: Tenant): Group[] {
  return tenant.database.all<GroupRow>(`${SELECT} ORDER BY name`).map(fromRow);
}

export function groupsOfUser(tenant: Tenant, userId: string): Group[] {
  const sql = `${SELECT} WHERE group_id IN (SELECT group_id FROM group_members WHERE user_id = ?) ORDER BY name`;
  return tenant.database.all<GroupRow>(sql, userId).map(fromRow);
}

/** @throws DomainError `not_found` */
export async function setMembership(tenant: Tenant, groupId: string, userId: string, member: boolean): Promise<void> {
  await tenant.database.write(() => {
    getGroup(tenant, groupId);
    getUser(tenant, userId);
    const sql = member
      ? 'INSERT OR IGNORE INTO group_members (group_id, user_id) VALUES (?, ?)'
      : 'DELETE FROM group_members WHERE group_id = ? AND user_id = ?';
    tenant.database.run(sql, groupId, userId);
  });
}

/** @throws DomainError `not_found` */
export async function deleteGroup(tenant: Tenant, groupId: string): Promise<void> {
  await tenant.database.write(() => {
    getGroup(tenant, groupId);
    tenant.database.run('DELETE FROM groups WHERE group_id = ?', groupId);
  });
}

function fromRow(row: GroupRow): Group {
  return {
    groupId: row.group_id,
    name: row.name,
    description: row.description,
    memberCount: row.member_count,
  };
}
